"""Every page for who is a member of one project only: it works, and offers nothing that they may not do."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from streamlit.testing.v1 import AppTest

from libs.client import Modelyard
from libs.common.contracts.access import Role
from libs.common.contracts.projects import Project
from libs.common.ids import new_id
from tests.e2e.conftest import Trained
from tests.e2e.people import connected_as, id_of, make_account
from tests.stack import TestStack

Open = Callable[..., AppTest]
FOREIGN = f"Of others {new_id()}"
PAGES = (
    "home", "project", "datasets", "dataset", "browse", "versions", "splits", "experiments", "experiment",
    "new_experiment", "register", "run", "evaluate", "export", "models", "deployments", "deployment",
    "predict", "queue", "system", "notifications", "tokens",
)  # fmt: skip
FOR_ADMINISTRATORS = ("users", "audit", "house_settings")
# On buttons, by their words.
CHANGES = frozenset({
    "New project", "Register a dataset", "New experiment", "Bring in an ONNX file", "Deploy a model",
    "New channel", "Import now", "Add data", "Rename", "Delete", "Restore", "Run again", "Export", "Evaluate",
    "Reset", "Register", "Add a member", "Test", "Save", "Pause", "Start",
})  # fmt: skip


@pytest.fixture(scope="module")
def foreign(yard: Modelyard) -> Iterator[Project]:
    """What none of them is a member of."""
    project = yard.projects.create(FOREIGN, "classification")
    yield project
    yard.projects.delete(project.id)


@pytest.fixture(scope="module")
def viewer(yard: Modelyard, stack: TestStack, trained: Trained, foreign: Project) -> Iterator[Modelyard]:
    with member(yard, stack, trained, Role.VIEWER) as connected:
        yield connected


@pytest.fixture(scope="module")
def editor(yard: Modelyard, stack: TestStack, trained: Trained, foreign: Project) -> Iterator[Modelyard]:
    with member(yard, stack, trained, Role.EDITOR) as connected:
        yield connected


@contextmanager
def member(yard: Modelyard, stack: TestStack, trained: Trained, role: Role) -> Iterator[Modelyard]:
    name = make_account(yard, role)
    yard.members.put(trained.run.project_id, id_of(yard, name), role)
    with connected_as(stack, name) as connected:
        yield connected


def addressed(trained: Trained) -> Mapping[str, Mapping[str, object]]:
    run = trained.run
    project, dataset = {"project": run.project_id}, {"dataset": run.data.dataset_id}
    return {
        "project": {"id": run.project_id}, "datasets": project, "dataset": {"id": run.data.dataset_id},
        "browse": dataset, "versions": dataset, "splits": dataset, "experiments": project,
        "experiment": {"id": run.experiment_id}, "new_experiment": project, "register": project,
        "run": {"id": run.id}, "evaluate": {"run": run.id}, "export": {"run": run.id},
        "deployment": {"name": "main-path"}, "predict": {"deployment": "main-path"},
    }  # fmt: skip


def said(page: AppTest) -> str:
    shown = (*page.markdown, *page.caption, *page.header, *page.subheader)
    return " ".join(each.value for each in shown)


@pytest.mark.parametrize("name", PAGES)
def test_a_viewer_sees_every_page_and_is_offered_no_change(
    scripts_of: Callable[[Modelyard], Open], viewer: Modelyard, trained: Trained, name: str
):
    page = scripts_of(viewer)(name, **addressed(trained).get(name, {}))
    assert not page.exception
    assert not [error.value for error in page.error]
    assert FOREIGN not in said(page)
    assert not {button.label for button in page.button} & CHANGES


@pytest.mark.parametrize(
    "name", ("home", "project", "new_experiment", "evaluate", "deployments", "notifications")
)
def test_an_editor_is_offered_what_their_project_allows(
    scripts_of: Callable[[Modelyard], Open], editor: Modelyard, trained: Trained, name: str
):
    page = scripts_of(editor)(name, **addressed(trained).get(name, {}))
    assert not page.exception
    assert not [error.value for error in page.error]
    assert FOREIGN not in said(page)
    assert {button.label for button in page.button} & CHANGES


@pytest.mark.parametrize("name", FOR_ADMINISTRATORS)
def test_what_is_for_administrators_says_so(
    scripts_of: Callable[[Modelyard], Open], editor: Modelyard, name: str
):
    page = scripts_of(editor)(name)
    assert not page.exception
    assert "for administrators of the house" in said(page)


def test_a_link_into_another_project_leads_nowhere(
    scripts_of: Callable[[Modelyard], Open], editor: Modelyard, foreign: Project
):
    page = scripts_of(editor)("project", id=foreign.id)
    assert page.exception, "of which the page's boundary makes words"
    assert FOREIGN not in said(page)
