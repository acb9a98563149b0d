"""Ask a deployed model about pictures: dropped, pasted, chosen, or of the data it was not trained on."""

from collections.abc import Sequence
from itertools import islice

import streamlit as st
from comp.predictor import predictor
from session import yard
from ui.access import may_edit
from ui.address import address_select, given_name, go
from ui.deployment_rows import version_badges
from ui.deployment_samples import unseen_samples
from ui.states import empty_state, escaped, state_badge

from libs.common.contracts.deployments import Deployment
from libs.common.errors import NotFound

POLL_SECONDS = 4
# Of these the name is offered; others are reached by a link.
MOST_OFFERED = 500


def page() -> None:
    offered = [each.name for each in islice(yard().deployments.list(), MOST_OFFERED)]
    name = chosen_name(offered)
    if name is None:
        nothing()
        return
    try:
        deployment = yard().deployments.get(name)
    except NotFound:
        empty_state("search_off", f"There is no deployment **{name}**.", "Choose another", choose_another)
        return
    header(deployment, offered)
    live(deployment)


def chosen_name(offered: Sequence[str]) -> str | None:
    """Of the address, else the one asked last; the first one when nobody chose."""
    last = st.session_state.get("predict.last")
    name = given_name("deployment") or (last if last in offered else next(iter(offered), None))
    if name and "deployment" not in st.query_params:
        go(deployment=name)
    st.session_state["predict.last"] = name
    return name


def choose_another() -> None:
    go(deployment=None)
    st.rerun()


def nothing() -> None:
    st.header("Predict")
    empty_state(
        "image_search",
        "Nothing is served yet. Deploy a model, then ask it here.",
        "Deployments" if may_edit(None) else None,
        lambda: st.switch_page("app_pages/deployments.py"),
    )


def header(deployment: Deployment, offered: Sequence[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Predict", width="content")
        address_select(
            "Deployment",
            "deployment",
            {each: each for each in dict.fromkeys((*offered, deployment.name))},
            key="predict.deployment",
            default=deployment.name,
            on_choose=lambda name: go(deployment=name),
            width=260,
        )
        st.page_link(
            "app_pages/deployment.py",
            label="Traffic and versions",
            icon=":material/rocket_launch:",
            query_params={"name": deployment.name},
            width="content",
        )


def live(known: Deployment) -> None:
    """What serves is looked at again, so that an answer can be told to be of a canary."""
    fresh = [known]

    @st.fragment(run_every=POLL_SECONDS)
    def ask() -> None:
        deployment = fresh.pop() if fresh else yard().deployments.get(known.name)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            state_badge(deployment.state)
            version_badges(deployment)
            st.caption(deployment.task, width="content")
        if deployment.serving_version is None:
            st.caption(f":orange[:material/warning: {waiting_for(deployment)}]")
        predictor(deployment, unseen_samples(deployment), key="predict.ask")

    ask()


def waiting_for(deployment: Deployment) -> str:
    if deployment.reason:
        return f"No version answers yet: {escaped(deployment.reason)}"
    return "No version answers yet; it is being loaded."


page()
