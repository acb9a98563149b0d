"""What the Browse page makes of its address, without a browser: the page's own script on a real gateway."""

import io
import zipfile
from collections.abc import Callable
from functools import partial
from uuid import UUID

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from libs.client import Modelyard
from libs.common.contracts.datasets import Dataset
from libs.common.ids import new_id

Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def dataset(yard: Modelyard, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """70 grey squares in two classes."""
    path = tmp_path_factory.mktemp("grey") / "grey.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(70):
            buffer = io.BytesIO()
            Image.new("L", (16, 16), number).save(buffer, "PNG")
            archive.writestr(f"{'dark' if number < 40 else 'pale'}/{number:03}.png", buffer.getvalue())
    project = yard.projects.create(f"Browsed {new_id()}", "classification")
    created = yard.datasets.create(project.id, "grey", yard.uploads.send(path).id)
    return yard.datasets.wait(created.id)


@pytest.fixture
def opened(scripts: Open) -> Open:
    return partial(scripts, "browse")


def captions(page: AppTest) -> list[str]:
    assert not page.exception
    return [caption.value for caption in page.caption]


def said(page: AppTest) -> str:
    return " ".join(each.value for each in (*page.markdown, *page.error))


def test_without_filters_it_counts_all(opened: Open, dataset: Dataset):
    assert "1–60 of 70" in captions(opened(dataset=dataset.id))


def test_filters_of_the_address_are_those_of_the_widgets(opened: Open, dataset: Dataset):
    page = opened(dataset=dataset.id, label="pale", q="04", sort="-size")
    assert "1–10 of 10" in captions(page)
    assert page.selectbox(key="browse.label").value == "pale"
    assert page.text_input(key="browse.q").value == "04"
    assert page.selectbox(key="browse.sort").value == "-size"


def test_a_choice_is_in_the_address_and_begins_at_the_first_page(opened: Open, dataset: Dataset):
    page = opened(dataset=dataset.id)
    page.button(key="browse.next.top").click().run()
    assert "61–70 of 70" in captions(page)
    assert page.query_params["page"] == "2"
    page.selectbox(key="browse.label").set_value("dark").run()
    assert "1–40 of 40" in captions(page)
    assert {**page.query_params} == {"dataset": str(dataset.id), "label": "dark"}
    page.button(key="browse.clear").click().run()
    assert {**page.query_params} == {"dataset": str(dataset.id)}


def test_the_way_back_leads_to_the_first_page(opened: Open, dataset: Dataset):
    page = opened(dataset=dataset.id)
    page.button(key="browse.next.top").click().run()
    page.button(key="browse.previous.bottom").click().run()
    assert "1–60 of 70" in captions(page)
    assert "cursor" not in page.query_params


def test_a_class_that_is_none_finds_nothing_and_says_so(opened: Open, dataset: Dataset):
    page = opened(dataset=dataset.id, label="nobody")
    assert "No sample is like that." in said(page)


@pytest.mark.parametrize(
    "address",
    [
        {"cursor": "nonsense", "page": "2"},
        {"split": "01890000-0000-7000-8000-000000000000"},
        {"subset": "x" * 100},
        {"label": "x" * 400},
    ],
    ids=["cursor", "split", "subset", "label"],
)
def test_an_address_that_leads_nowhere_is_told_calmly(opened: Open, dataset: Dataset, address):
    page = opened(dataset=dataset.id, **address)
    assert not page.exception
    assert "No sample is like that." in said(page) or page.button(key="browse.first")


@pytest.mark.parametrize("address", [{"page": "²"}, {"page": "-1", "cursor": ""}, {"sort": "beauty"}])
def test_odd_parts_of_an_address_are_passed_over(opened: Open, dataset: Dataset, address):
    assert "1–60 of 70" in captions(opened(dataset=dataset.id, **address))


@pytest.mark.parametrize("given", ["half-a-link", str(UUID(int=7))])
def test_a_dataset_that_does_not_exist_is_told(opened: Open, given: str):
    page = opened(dataset=given)
    assert [error.value for error in page.error] or page.exception


def test_a_version_that_does_not_exist_is_told(opened: Open, dataset: Dataset):
    page = opened(dataset=dataset.id, version=9)
    assert [error.value for error in page.error] or page.exception


def test_a_split_and_its_subset_are_looked_at(opened: Open, yard: Modelyard, dataset: Dataset):
    split = yard.splits.create(dataset.id)
    counts = {each.subset: each.num_samples for each in split.subsets}
    page = opened(dataset=dataset.id)
    page.selectbox(key="browse.split").set_value(str(split.id)).run()
    assert page.query_params["split"] == str(split.id)
    page.selectbox(key="browse.subset").set_value("test").run()
    assert f"1–{counts['test']} of {counts['test']}" in captions(page)
    page.selectbox(key="browse.split").set_value(None).run()
    assert {**page.query_params} == {"dataset": str(dataset.id)}


def test_without_a_dataset_it_invites_to_choose_one(opened: Open):
    assert "Choose a dataset" in said(opened())


def test_the_last_dataset_is_shown_again(opened: Open, dataset: Dataset):
    page = opened(dataset=dataset.id)
    page.switch_page("app_pages/system.py").run()
    page.query_params.clear()
    page.switch_page("app_pages/browse.py").run()
    assert "1–60 of 70" in captions(page)
