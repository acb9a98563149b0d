"""One project: its datasets, its runs, what it serves, who is a member."""

from uuid import UUID

import streamlit as st
from session import caller, yard
from ui.access import may_edit
from ui.address import address_sections, given_id
from ui.dataset_rows import dataset_rows, datasets_of
from ui.deployment_rows import deployment_row, deployments_of
from ui.member_rows import members_view
from ui.run_rows import run_rows
from ui.states import counted, empty_state, escaped, shortened

RUNS_PER_PAGE = 25


def datasets(project_id: UUID) -> None:
    def register() -> None:
        st.switch_page("app_pages/register.py", query_params={"project": str(project_id)})

    found = datasets_of(project_id)
    if not found:
        empty_state(
            "database",
            "No dataset yet. Bring in an archive, a folder, a table or a sample.",
            "Register the first" if may_edit(project_id) else None,
            register,
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(counted(len(found), "dataset"), width="content")
        st.space("stretch")
        if may_edit(project_id) and st.button(
            "Register a dataset", icon=":material/add:", key="project.register"
        ):
            register()
    dataset_rows(project_id, found)


def runs(project_id: UUID) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "app_pages/experiments.py",
            label="Experiments",
            icon=":material/science:",
            query_params={"project": str(project_id)},
            width="content",
        )
    run_rows(
        lambda cursor: yard().runs.page(project=project_id, limit=RUNS_PER_PAGE, cursor=cursor),
        empty="No run yet. An experiment is run as often as you like.",
        key="project.runs",
    )


def deployments(project_id: UUID) -> None:
    found = deployments_of(project_id)
    if not found:
        empty_state("rocket_launch", "Nothing is served yet. A run that ends in deploy serves its model.")
    for deployment in found:
        deployment_row(deployment)


def page() -> None:
    given = given_id("id")
    if given is None:
        empty_state("folder_open", "Choose a project first.")
        st.page_link("app_pages/home.py", label="Projects", icon=":material/arrow_back:")
        return
    project = yard().projects.get(given)
    st.session_state["project.last"] = given
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(escaped(shortened(project.name)), width="content")
        st.badge(project.task, color="blue", icon=":material/category:")
        if role := caller().role_in(given):
            st.caption(f"you are {role} here", width="content")
        st.space("stretch")
        st.page_link(
            "app_pages/notifications.py",
            label="Notifications",
            icon=":material/notifications_active:",
            query_params={"project": str(given)},
            width="content",
        )
    if project.description:
        st.caption(escaped(project.description))
    titles = {name: title for name, (title, _) in SECTIONS.items()}
    _, section = SECTIONS[address_sections(titles, key="project.section")]
    section(project.id)


SECTIONS = {
    "datasets": (":material/database: Datasets", datasets),
    "runs": (":material/monitoring: Runs", runs),
    "served": (":material/rocket_launch: Served", deployments),
    "members": (":material/group: Members", members_view),
}

page()
