"""A model version put behind a name, in a window of its own; a link can say which version."""

from itertools import islice

import streamlit as st
from boundary import show_failure
from session import yard

from libs.common.contracts.deployments import Deployment, ServingSettings
from libs.common.contracts.models import ModelVersion
from libs.common.errors import BadInput, ModelyardError, NotFound
from ui.access import may_edit
from ui.address import NAME, go
from ui.deployment_rows import name_of
from ui.serving_form import running_form, threshold_form
from ui.states import empty_state
from ui.version_choice import version_choice, versions_of

# Of these the name is offered; others are reached by a link from their own page.
MOST_MODELS = 500


def _leave() -> None:
    go(new=None, model=None, version=None)


@st.dialog("Deploy a model", width="medium", icon=":material/rocket_launch:", on_dismiss=_leave)
def deployment_form() -> None:
    asked = st.query_params.get("model")
    models = islice(yard().models.list(), MOST_MODELS)
    names = [each.name for each in models if may_edit(each.project_id)]
    options = list(dict.fromkeys((asked, *names) if asked else names))
    if not options:
        empty_state("deployed_code", "There is no model yet. Export a run, or bring in an ONNX file.")
        return
    model = st.selectbox("Model", options, key="deployments.form.model")
    versions = versions_of(model)
    if not versions:
        st.error(f"There is no model {model} any more.", icon=":material/search_off:")
        return
    asked_version = st.query_params.get("version") if model == asked else None
    version = version_choice(versions, asked_version, key=f"deployments.form.version.{model}")
    name = st.text_input(
        "Name",
        model,
        key=f"deployments.form.name.{model}",
        max_chars=63,
        help="What it is asked by, whichever version answers: small letters, digits and hyphens",
    )
    present = _present(name)
    if present:
        answering = name_of(*(present.serving or (present.model, present.desired_version)))
        st.caption(
            f":orange[:material/swap_horiz: {name} answers already, with {answering}: "
            "it will change over to this version.]"
        )
    given = present.settings if present else None
    # What is there already comes with its own settings.
    key = f"deployments.form.{present.name}" if present else "deployments.form"
    with st.expander("How it is run", icon=":material/tune:"):
        running = running_form(given, key=key)
    settings = threshold_form(version, given, running, key=key)
    if st.button("Deploy", type="primary", icon=":material/rocket_launch:", key="deployments.form.deploy"):
        _deploy(name.strip(), version, settings)


def _present(name: str) -> Deployment | None:
    if not NAME.fullmatch(name.strip()):
        return None
    try:
        return yard().deployments.get(name.strip())
    except NotFound:
        return None


def _deploy(name: str, version: ModelVersion, settings: ServingSettings) -> None:
    try:
        if not NAME.fullmatch(name):
            raise BadInput("a name has small letters, digits and hyphens, and does not begin with a hyphen")
        made = yard().deployments.create(name, version.model, version=version.version, settings=settings)
    except ModelyardError as error:
        show_failure(error)
        return
    st.switch_page("app_pages/deployment.py", query_params={"name": made.name})
