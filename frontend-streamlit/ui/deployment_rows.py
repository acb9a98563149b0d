"""Deployments one below the other: state, what answers, the last hour's traffic, and why one failed."""

from itertools import islice
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.deployments import Deployment, DeploymentState, DeploymentTraffic
from libs.common.errors import NotFound
from ui.states import ago, counted, escaped, shortened, state_badge

# Each asks for its traffic, again and again while somebody looks.
MOST_SHOWN = 50
SETTLED = (DeploymentState.READY, DeploymentState.FAILED)
HOUR_MINUTES = 60


def is_at_work(deployment: Deployment) -> bool:
    canary = deployment.canary
    return deployment.state not in SETTLED or (canary is not None and canary.state not in SETTLED)


def deployments_of(project_id: UUID | None, sought: str = "") -> tuple[Deployment, ...]:
    """Those whose name or model has the words in it."""
    words = sought.lower().split()
    found = yard().deployments.list(project_id)
    fitting = (each for each in found if all(word in f"{each.name} {each.model}" for word in words))
    return tuple(islice(fitting, MOST_SHOWN))


def deployment_row(deployment: Deployment, project_name: str | None = None) -> None:
    """With the project's name where deployments of several are shown."""
    with st.container(border=True, key=f"deployments.row.{deployment.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                "app_pages/deployment.py",
                label=f"**{deployment.name}**",
                icon=":material/rocket_launch:",
                query_params={"name": deployment.name},
                width="content",
            )
            state_badge(deployment.state)
            version_badges(deployment)
            parts = [escaped(shortened(project_name, 40))] if project_name else []
            st.caption(" · ".join([*parts, ago(deployment.updated_at)]), width="content")
            st.space("stretch")
            traffic_line(deployment.name)
            st.page_link(
                "app_pages/predict.py",
                label="Ask it",
                icon=":material/image_search:",
                query_params={"deployment": deployment.name},
                width="content",
            )
        reasons(deployment)


def version_badges(deployment: Deployment) -> None:
    """What answers, what is wished for where that is another, and what is on trial."""
    serving, wished = deployment.serving, (deployment.model, deployment.desired_version)
    if serving:
        st.badge(name_of(*serving), color="gray", icon=":material/deployed_code:")
    if serving != wished:
        st.badge(f"{name_of(*wished)} wished", color="blue", icon=":material/arrow_forward:")
    if canary := deployment.canary:
        name = (
            f"v{canary.version}" if canary.model == deployment.model else f"{canary.model} v{canary.version}"
        )
        st.badge(f"{name} on {canary.percent} %", color="orange", icon=":material/science:")


def name_of(model: str, version: int) -> str:
    """Without a model: what came while none was loaded."""
    return f"{model} v{version}" if model else "no version"


def reasons(deployment: Deployment) -> None:
    if deployment.reason:
        st.caption(f":red[{escaped(deployment.reason)}]")
    if deployment.canary and deployment.canary.reason:
        st.caption(f":red[On trial: {escaped(deployment.canary.reason)}]")


def traffic_line(name: str) -> None:
    try:
        traffic = yard().deployments.traffic(name, minutes=HOUR_MINUTES)
    except NotFound:
        # Deleted between two looks.
        return
    st.caption(last_hour(traffic), width="content")


def last_hour(traffic: DeploymentTraffic) -> str:
    num_requests = sum(each.num_requests for each in traffic.versions)
    num_errors = sum(each.num_errors for each in traffic.versions)
    if not num_requests:
        return "not asked within the last hour"
    parts = [f"{counted(num_requests, 'request')} in the last hour"]
    if num_errors:
        parts.append(f":red[{counted(num_errors, 'error')}]")
    slowest = max((each.p95_ms for each in traffic.versions if each.p95_ms is not None), default=None)
    if slowest is not None:
        parts.append(f"p95 {slowest:.0f} ms")
    return " · ".join(parts)
