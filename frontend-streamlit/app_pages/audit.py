"""Who changed what, and what was refused: every change with its answer, newest first."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import streamlit as st
from session import yard
from ui.access import only_for_administrators
from ui.address import address_search, address_select, given_id
from ui.cursor_pages import choose, page_buttons, place
from ui.project_choice import MOST_PROJECTS
from ui.states import empty_state

from libs.common.contracts.access import AuditEntry
from libs.common.contracts.base import now

PAGE_SIZE = 100
OUTCOMES = {"done": "Done", "refused": "Refused"}
PERIODS = {"1": "Last day", "7": "Last week", "30": "Last month"}
FILTERS = ("actor", "action", "project", "outcome", "period")


def page() -> None:
    if not only_for_administrators("The audit log and what it tells"):
        return
    st.header("Audit")
    names = {each.id: each.name for each in islice(yard().projects.list(), MOST_PROJECTS)}
    filters(names)
    asked = st.query_params.get
    outcome = asked("outcome")
    found = yard().audit.page(
        actor=asked("actor") or None,
        action=asked("action") or None,
        project_id=given_id("project"),
        outcome=outcome if outcome in OUTCOMES else None,
        since=since(),
        limit=PAGE_SIZE,
        cursor=place().cursor,
    )
    if not found.items:
        nothing()
        return
    st.dataframe(
        list(rows(found.items, names)),
        hide_index=True,
        height="content",
        key="audit.rows",
        column_config={
            "When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss"),
            "Answer": st.column_config.NumberColumn(width="small"),
        },
    )
    page_buttons(found.next_cursor, key="audit")


def filters(names: Mapping[UUID, str]) -> None:
    projects = {str(each): name for each, name in names.items()}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        search("Who", "actor")
        search("What", "action")
        select("Project", "project", projects, "Any project")
        select("Outcome", "outcome", OUTCOMES, "Done and refused")
        select("Period", "period", PERIODS, "Any time")


def search(label: str, part: str) -> None:
    address_search(label, part, key=f"audit.{part}", on_choose=lambda text: choose(**{part: text}), width=160)


def select(label: str, part: str, options: Mapping[str, str], placeholder: str) -> None:
    address_select(
        label,
        part,
        options,
        key=f"audit.{part}",
        placeholder=placeholder,
        on_choose=lambda value: choose(**{part: value}),
    )


def since() -> datetime | None:
    days = st.query_params.get("period")
    return now() - timedelta(days=int(days)) if days in PERIODS else None


def rows(entries: Iterable[AuditEntry], names: Mapping[UUID, str]) -> Iterable[dict[str, Any]]:
    for each in entries:
        yield {
            "When": each.at,
            "Who": each.actor,
            "What": each.action,
            "Answer": each.status,
            "Project": names.get(each.project_id, "") if each.project_id else "",
            "Path": f"{each.method} {each.path}",
            "With a token": each.token_id is not None,
            "From": each.address or "",
            "Request": each.request_id,
        }


def nothing() -> None:
    if any(st.query_params.get(part) for part in FILTERS):
        empty_state("search_off", "Nothing fits.", "Show all", show_all)
    else:
        empty_state("policy", "Nothing was changed yet.")


def show_all() -> None:
    choose(**dict.fromkeys(FILTERS))
    st.rerun()


page()
