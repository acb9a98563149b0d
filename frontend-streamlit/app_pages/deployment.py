"""One deployment: what answers, how it is asked, what is on trial, how it came about, how to call it."""

from itertools import islice

import streamlit as st
from session import yard
from ui.access import may_edit
from ui.address import address_sections, address_select, given_name, go
from ui.deployment_calls import calls_view
from ui.deployment_changes import act, buttons, canary_card, toast
from ui.deployment_history import history_view
from ui.deployment_rows import is_at_work, name_of, version_badges
from ui.deployment_traffic import traffic_view
from ui.serving_form import running_form, threshold_form
from ui.states import ago, empty_state, escaped, state_badge
from ui.version_choice import versions_of

from libs.common.contracts.base import now
from libs.common.contracts.deployments import Deployment, Revision
from libs.common.errors import NotFound

POLL_SECONDS, POLL_SECONDS_AT_WORK = 5, 1.5
MOST_REVISIONS = 50
PERIODS = {"15": "15 min", "60": "1 h", "360": "6 h", "1440": "1 day"}
HOUR = "60"


def page() -> None:
    name = given_name("name")
    if name is None:
        choose_another("Choose a deployment first.")
        return
    try:
        deployment = yard().deployments.get(name)
    except NotFound:
        choose_another(f"There is no deployment **{name}**.")
        return
    toast()
    links(deployment)
    top(deployment)
    chosen = address_sections({key: title for key, (title, _) in SECTIONS.items()}, key="deployment.section")
    SECTIONS[chosen][1](deployment)


def choose_another(sentence: str) -> None:
    empty_state("rocket_launch", sentence)
    st.page_link("app_pages/deployments.py", label="Deployments", icon=":material/arrow_back:")


def links(deployment: Deployment) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "app_pages/deployments.py", label="Deployments", icon=":material/arrow_back:", width="content"
        )
        st.page_link(
            "app_pages/project.py",
            label="Project",
            icon=":material/folder_open:",
            query_params={"id": str(deployment.project_id)},
            width="content",
        )
        st.page_link(
            "app_pages/predict.py",
            label="Ask it",
            icon=":material/image_search:",
            query_params={"deployment": deployment.name},
            width="content",
        )


def revisions_of(name: str) -> list[Revision]:
    return list(islice(yard().deployments.revisions(name), MOST_REVISIONS))


def top(known: Deployment) -> None:
    """State, versions and buttons; looked up again, more often while something is being loaded."""
    is_live = is_at_work(known)
    # What the page has looked up already is not asked for a second time.
    fresh = [known]

    @st.fragment(run_every=POLL_SECONDS_AT_WORK if is_live else POLL_SECONDS)
    def live() -> None:
        deployment = fresh.pop() if fresh else yard().deployments.get(known.name)
        header(deployment)
        if deployment.canary:
            canary_card(deployment, deployment.canary, can_edit=may_edit(deployment.project_id))
        if is_at_work(deployment) != is_live:
            st.rerun()

    live()


def header(deployment: Deployment) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(deployment.name, width="content")
        state_badge(deployment.state)
        version_badges(deployment)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{escaped(deployment.task)} · changed {ago(deployment.updated_at)}", width="content")
        st.space("stretch")
        if may_edit(deployment.project_id):
            buttons(deployment, revisions_of(deployment.name))
    if deployment.reason:
        st.error(failure(deployment), icon=":material/error:")


def failure(deployment: Deployment) -> str:
    wished = (deployment.model, deployment.desired_version)
    reason = escaped(deployment.reason.rstrip("."))
    serving = deployment.serving
    stays = f" {name_of(*serving)} goes on answering." if serving and serving != wished else ""
    return f"**{name_of(*wished)} does not load.** {reason}.{stays}"


def traffic(deployment: Deployment) -> None:
    asked = st.query_params.get("minutes", HOUR)
    minutes = int(asked) if asked in PERIODS else int(HOUR)
    address_select(
        "Period",
        "minutes",
        PERIODS,
        key="deployment.minutes",
        default=HOUR,
        on_choose=lambda value: go(minutes=value),
        width=120,
    )

    @st.fragment(run_every=POLL_SECONDS)
    def live() -> None:
        found = yard().deployments.traffic(deployment.name, minutes=minutes)
        traffic_view(found, yard().deployments.get(deployment.name), now())

    live()


def history(deployment: Deployment) -> None:
    history_view(revisions_of(deployment.name))


def calls(deployment: Deployment) -> None:
    calls_view(yard().deployments.metadata(deployment.name))


def run_settings(deployment: Deployment) -> None:
    version = versions_of(deployment.model).get(deployment.desired_version)
    if version is None:
        st.caption("The model of this version is gone from the registry; it is run as it was.")
        return
    given = deployment.settings
    running = running_form(given, key="deployment.settings")
    chosen = threshold_form(version, given, running, key="deployment.settings")
    if may_edit(deployment.project_id) and st.button(
        "Save",
        type="primary",
        icon=":material/check:",
        key="deployment.save",
        disabled=chosen == given,
        help="The model is loaded anew beside the present one; no request is lost",
    ):
        act(
            lambda: yard().deployments.change_settings(deployment.name, chosen),
            "Loading it with these settings",
        )


SECTIONS = {
    "traffic": (":material/timeline: Traffic", traffic),
    "history": (":material/history: History", history),
    "call": (":material/code: How to call it", calls),
    "settings": (":material/tune: Settings", run_settings),
}

page()
