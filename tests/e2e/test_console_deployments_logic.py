"""What the pages of deployments make of their address, without a browser, on a real gateway."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from minio import Minio
from streamlit.testing.v1 import AppTest

from libs.client import Modelyard
from libs.common.contracts.deployments import DeploymentState
from libs.common.ids import new_id
from tests.e2e.colours import colours as colours_file
from tests.stack import TestStack
from tests.tasks.foreigners import described, saved

Open = Callable[..., AppTest]


@pytest.fixture
def opened(scripts: Open) -> Open:
    return scripts


@pytest.fixture(scope="module")
def served(yard: Modelyard, colours: str) -> Iterator[str]:
    name = f"listed-{new_id().hex[-8:]}"
    yard.deployments.create(name, colours, version=1)
    assert yard.deployments.wait(name).state is DeploymentState.READY
    yield name
    yard.deployments.delete(name)


@pytest.fixture
def broken(yard: Modelyard, stack: TestStack, served: str, colours: str, tmp_path: Path) -> Iterator[int]:
    """A version that is wished for, though its file is gone: its number. The first one goes on answering."""
    project = yard.models.get(colours).project_id
    upload = yard.uploads.send(saved(tmp_path / "third.onnx", colours_file(90)))
    model = described(classes=("red", "green", "blue"), answers="probabilities")
    version = yard.models.wait_for_import(
        colours, yard.models.import_file(colours, project, upload.id, model)
    )
    told = stack.environment("inference")
    storage = Minio(
        told["MODELYARD_STORAGE__ENDPOINT"],
        access_key=told["MODELYARD_STORAGE__ACCESS_KEY"],
        secret_key=told["MODELYARD_STORAGE__SECRET_KEY"],
        secure=False,
    )
    storage.remove_object(told["MODELYARD_STORAGE__BUCKET"], version.file.key)
    yard.deployments.create(served, colours, version=version.version)
    assert yard.deployments.wait(served).state is DeploymentState.FAILED
    yield version.version
    yard.deployments.roll_back(served)
    yard.deployments.wait(served)
    yard.models.delete_version(colours, version.version)


def said(page: AppTest) -> str:
    assert not page.exception
    return " ".join(each.value for each in (*page.markdown, *page.caption, *page.error))


def test_a_list_is_searched_by_names_and_models(opened: Open, served: str, colours: str):
    for sought in (served, colours, f"{colours[:9]} listed"):
        assert "not asked within the last hour" in said(opened("deployments", q=sought))
    page = opened("deployments", q="nobody-called-so")
    assert "No deployment fits." in said(page)
    page.button(key="empty.search_off").click().run()
    assert "not asked within the last hour" in said(page)
    assert not page.query_params


def test_a_list_is_of_one_project(opened: Open, yard: Modelyard, served: str):
    project = yard.deployments.get(served).project_id
    page = opened("deployments", project=project)
    assert "not asked within the last hour" in said(page)
    assert page.selectbox(key="deployments.project").value == str(project)
    assert "No deployment fits." in said(opened("deployments", project=new_id()))


@pytest.mark.parametrize(("asked", "chosen"), [("1", 1), ("2", 2), ("trusted", 1), ("gone", 2), ("", 2)])
def test_a_link_says_which_version_is_to_be_deployed(
    opened: Open, yard: Modelyard, colours: str, asked: str, chosen: int
):
    """By number or alias; the newest where it says none that there is."""
    yard.models.set_alias(colours, "trusted", 1)
    page = opened("deployments", model=colours, version=asked)
    assert page.selectbox(key=f"deployments.form.version.{colours}").value == chosen
    assert page.text_input(key=f"deployments.form.name.{colours}").value == colours


def test_a_link_to_a_model_that_is_gone_says_so(opened: Open):
    assert "There is no model forgotten any more." in said(opened("deployments", model="forgotten"))


def test_a_name_that_answers_already_is_told(opened: Open, served: str, colours: str):
    page = opened("deployments", model=colours)
    page.text_input(key=f"deployments.form.name.{colours}").set_value(served).run()
    assert f"{served} answers already" in said(page)
    page.text_input(key=f"deployments.form.name.{colours}").set_value("Not A Name").run()
    page.button(key="deployments.form.deploy").click().run()
    assert "small letters, digits and hyphens" in said(page)


def test_a_threshold_of_its_own_is_chosen(opened: Open, yard: Modelyard, served: str):
    page = opened("deployment", name=served, section="settings")
    assert page.button(key="deployment.save").disabled
    (threshold,) = [each for each in page.button_group if each.label == "Threshold"]
    threshold.set_value("other").run()
    page.slider(key="deployment.settings.threshold.other").set_value(0.8).run()
    page.button(key="deployment.save").click().run()
    assert yard.deployments.get(served).settings.threshold == 0.8
    yard.deployments.roll_back(served)


def test_a_version_that_does_not_load_is_told_with_what_answers_instead(
    opened: Open, served: str, colours: str, broken: int
):
    page = opened("deployment", name=served)
    assert f"**{colours} v{broken} does not load.**" in said(page)
    assert f"{colours} v1 goes on answering." in said(page)
    assert page.button(key="deployment.back").label == "Back to v1"
    assert "v1" in said(opened("predict", deployment=served))
