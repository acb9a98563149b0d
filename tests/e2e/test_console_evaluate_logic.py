"""What the pages about evaluations make of their address, without a browser, on a real gateway."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest
from ui.states import escaped

from libs.client import Modelyard
from libs.common.contracts.evaluations import Evaluation
from tests.e2e.small import Small

Open = Callable[..., AppTest]
NOWHERE = UUID(int=7)


@pytest.fixture(scope="module")
def found(yard: Modelyard, small: Small) -> Iterator[Evaluation]:
    made = yard.evaluations.create(small.run.id, subsets=("train", "val", "test"))
    yield yard.evaluations.wait(made.id)
    yard.evaluations.delete(made.id)


def captions(page: AppTest) -> list[str]:
    assert not page.exception
    return [caption.value for caption in page.caption]


def said(page: AppTest) -> str:
    assert not page.exception
    return " ".join(each.value for each in (*page.markdown, *page.caption, *page.error))


def test_an_evaluation_alone_tells_its_run_and_project(scripts: Open, small: Small, found: Evaluation):
    page = scripts("evaluate", evaluation=found.id)
    assert [escaped(small.run.name)] == [each.value for each in page.subheader]
    assert page.query_params["run"] == str(small.run.id)
    assert page.query_params["project"] == str(small.run.project_id)
    assert {each.label: each.value for each in page.metric}["Samples"] == "40"


def test_filters_of_the_address_are_those_of_the_widgets(scripts: Open, found: Evaluation):
    page = scripts(
        "evaluate", evaluation=found.id, section="samples", **{"class": "loud"}, subset="train", sort="-loss"
    )
    assert page.selectbox(key="results.class").value == "loud"
    assert page.selectbox(key="results.subset").value == "train"
    assert page.selectbox(key="results.sort").value == "-loss"
    assert "1–16 of 16" in captions(page)
    page.button(key="results.clear").click().run()
    assert "1–40 of 40" in captions(page)
    assert "class" not in page.query_params
    assert page.query_params["sort"] == "-loss"


@pytest.mark.parametrize(
    "address",
    [{"cursor": "nonsense", "page": "2"}, {"class": "x" * 400}, {"predicted": "nobody"}, {"name": "nowhere"}],
    ids=["cursor", "class", "predicted", "name"],
)
def test_an_address_that_leads_nowhere_is_told_calmly(scripts: Open, found: Evaluation, address):
    page = scripts("evaluate", evaluation=found.id, section="samples", **address)
    assert "No sample is like that." in said(page) or page.button(key="results.first")


def test_a_run_or_an_evaluation_that_is_gone_is_told(scripts: Open, small: Small, found: Evaluation):
    page = scripts("evaluate", run=NOWHERE, project=small.run.project_id)
    assert "is not there any more" in said(page)
    page = scripts("evaluate", run=small.run.id, evaluation=NOWHERE)
    assert "is not there any more" in said(page)


def test_subsets_that_hold_nothing_cannot_be_ticked(scripts: Open, small: Small, found: Evaluation):
    page = scripts("evaluate", run=small.run.id)
    ticks = {key.rpartition(".")[2]: each for each in page.checkbox if "subset" in (key := each.key or "")}
    assert {name: each.value for name, each in ticks.items()} == {"train": False, "val": False, "test": True}
    ticks["test"].uncheck().run()
    assert page.button(key="evaluate.start").disabled


def test_a_model_is_not_compared_with_itself(scripts: Open, found: Evaluation):
    assert "These are the same" in said(scripts("compare_models", left=found.id, right=found.id))
    assert "Choose two evaluations" in said(scripts("compare_models", left=found.id))
    assert "is not there any more" in said(scripts("compare_models", left=found.id, right=NOWHERE))
