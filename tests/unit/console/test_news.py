"""What the bell says of each fact agrees with the facts there are, and leads to pages there are."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from ui.news import NEWS

from libs.common.contracts.base import Fact
from services.notifier.messages import MESSAGES

PAGES = Path(__file__).parents[3] / "frontend-streamlit" / "app_pages"
HOLE = re.compile(r"\{([\w.]+)\}")


def test_the_bell_rings_for_what_people_are_told():
    assert set(NEWS) == {fact.type_name() for fact in MESSAGES}


@pytest.mark.parametrize("kind", NEWS)
def test_every_hole_is_filled_by_the_fact(kind: str):
    news = NEWS[kind]
    for path in HOLE.findall(news.title + news.text + news.link):
        model: type[BaseModel] = Fact.registry[kind]
        for part in path.split("."):
            assert part in model.model_fields, f"{kind} says nothing of {path}"
            model = model.model_fields[part].annotation  # type: ignore[assignment]


@pytest.mark.parametrize("link", sorted({news.link for news in NEWS.values() if news.link}))
def test_every_link_leads_to_a_page(link: str):
    assert (PAGES / f"{link.partition('?')[0]}.py").is_file()
