"""What can be done with a deployment: another version, for all or on trial; back; its end."""

from collections.abc import Callable, Sequence
from itertools import islice

import streamlit as st
from boundary import show_failure
from session import yard

from libs.common.contracts.deployments import Canary, Deployment, Revision
from libs.common.contracts.models import ModelVersion
from libs.common.errors import BadInput, Conflict, NotFound, Unavailable
from ui.confirming import confirm_deletion
from ui.deployment_history import way_back
from ui.states import escaped, state_badge
from ui.version_choice import version_choice, versions_of

ALL, SOME = "all", "some"
FIRST_SHARE = 10
MOST_MODELS = 500


def act(do: Callable[[], object], told: str) -> None:
    """`told` is said once the page is drawn anew."""
    try:
        do()
    except (BadInput, Conflict, NotFound, Unavailable) as error:
        show_failure(error)
    else:
        st.session_state["deployment.told"] = told
        st.rerun()


def toast() -> None:
    if told := st.session_state.pop("deployment.told", None):
        st.toast(escaped(told), icon=":material/check:")


def buttons(deployment: Deployment, revisions: Sequence[Revision]) -> None:
    # Where one is on trial, its end is what comes next.
    emphasis = "secondary" if deployment.canary else "primary"
    if st.button("Another version", type=emphasis, icon=":material/swap_horiz:", key="deployment.another"):
        another_version(deployment)
    back = way_back(revisions)
    if back and st.button(
        f"Back to {back_to(back, deployment)}",
        icon=":material/undo:",
        key="deployment.back",
        help=f"{back.model} v{back.version}, which served before; what answers now does so until it is ready",
    ):
        act(
            lambda: yard().deployments.roll_back(deployment.name),
            f"Going back to {back.model} v{back.version}",
        )
    if st.button("Delete", icon=":material/delete:", key="deployment.delete"):
        ask_to_delete(deployment)


def back_to(back: Revision, deployment: Deployment) -> str:
    if back.model != deployment.model:
        return f"{back.model} v{back.version}"
    return f"v{back.version}" if back.version != deployment.desired_version else "earlier settings"


@st.dialog("Another version", icon=":material/swap_horiz:")
def another_version(deployment: Deployment) -> None:
    models = islice(yard().models.list(deployment.project_id), MOST_MODELS)
    # A deployment stays with its task.
    names = [each.name for each in models if each.task == deployment.task]
    model = st.selectbox(
        "Model", list(dict.fromkeys((deployment.model, *names))), key="deployment.another.model"
    )
    versions = versions_of(model)
    if not versions:
        st.error(f"There is no model {model} any more.", icon=":material/search_off:")
        return
    chosen = version_choice(versions, None, key=f"deployment.another.version.{model}")
    for difference in differences(deployment, chosen):
        st.caption(f":orange[:material/warning: {escaped(difference)}]")
    extent = st.segmented_control(
        "For",
        [ALL, SOME],
        default=ALL,
        required=True,
        format_func={ALL: "all requests", SOME: "a share of them, on trial"}.__getitem__,
        key="deployment.another.extent",
    )
    if extent == SOME:
        percent = st.slider("Share in %", 1, 99, FIRST_SHARE, key="deployment.another.percent")
        if st.button("Start the trial", type="primary", icon=":material/science:", key="deployment.try"):
            act(
                lambda: yard().deployments.set_canary(
                    deployment.name, percent, model=chosen.model, version=chosen.version
                ),
                f"{chosen.model} v{chosen.version} gets {percent} % of the requests once it is loaded",
            )
        return
    if deployment.canary:
        st.caption("What is on trial ends with it.")
    if st.button("Change over", type="primary", icon=":material/swap_horiz:", key="deployment.swap"):
        act(
            lambda: yard().deployments.create(deployment.name, chosen.model, version=chosen.version),
            f"Changing over to {chosen.model} v{chosen.version}",
        )


def differences(deployment: Deployment, chosen: ModelVersion) -> list[str]:
    """What who calls it would notice."""
    found = []
    gone = [name for name in deployment.classes if name not in chosen.card.classes]
    new = [name for name in chosen.card.classes if name not in deployment.classes]
    if gone:
        found.append(f"It does not know {_some(gone)}.")
    if new:
        found.append(f"It knows {_some(new)} besides.")
    return found


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def canary_card(deployment: Deployment, canary: Canary, *, can_edit: bool) -> None:
    """Its share, and its end one way or the other."""
    with st.container(border=True, key="deployment.canary"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/science: **{canary.model} v{canary.version}** on trial", width="content")
            state_badge(canary.state)
            st.caption(f"{canary.percent} % of the requests", width="content")
            st.space("stretch")
            if can_edit:
                _end_buttons(deployment, canary)
        if canary.reason:
            st.caption(f":red[{escaped(canary.reason)}]")
        if can_edit:
            _share_slider(deployment, canary)


def _end_buttons(deployment: Deployment, canary: Canary) -> None:
    name = f"{canary.model} v{canary.version}"
    if st.button(
        "Promote",
        type="primary",
        icon=":material/trending_up:",
        key="deployment.promote",
        help="All requests",
    ):
        act(lambda: yard().deployments.set_canary(deployment.name, 100), f"{name} answers all requests now")
    if st.button("End the trial", icon=":material/stop_circle:", key="deployment.end"):
        act(lambda: yard().deployments.set_canary(deployment.name, 0), f"The trial of {name} has ended")


def _share_slider(deployment: Deployment, canary: Canary) -> None:
    key = f"deployment.share.{canary.model}.{canary.version}"

    def change() -> None:
        try:
            yard().deployments.set_canary(deployment.name, st.session_state[key])
        except (BadInput, Conflict, NotFound, Unavailable) as error:
            # An error of a callback is shown nowhere: it is said at the next run.
            st.session_state["deployment.told"] = error.detail

    st.session_state[key] = canary.percent
    st.slider("Share in %", 1, 99, key=key, on_change=change, label_visibility="collapsed")


def ask_to_delete(deployment: Deployment) -> None:
    def delete() -> None:
        yard().deployments.delete(deployment.name)
        st.session_state["deployments.told"] = f"Deleted {deployment.name}"
        st.switch_page("app_pages/deployments.py")

    confirm_deletion(
        "the deployment",
        deployment.name,
        "it answers no more from this moment on. The model and its versions stay.",
        delete,
        key="deployment.confirm",
    )
