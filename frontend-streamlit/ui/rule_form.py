"""The form of a channel's rules: what is told, how bad it must be, of which project."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import streamlit as st
from session import yard

from libs.common.contracts.channels import Rule, Severity
from ui.rule_words import AT_LEAST, fact_in_words

MOST_RULES = 50


def rule_form(given: Sequence[Rule], projects: Mapping[UUID, str], *, key: str) -> tuple[Rule, ...]:
    """`projects` is empty for a channel of one project, which tells of that only.

    What was typed lives in the widgets; which rules there are, in the session.
    """
    kept = f"{key}.rules"
    rules: dict[int, Rule] = st.session_state.setdefault(kept, dict(enumerate(given)))
    kinds = fact_kinds()

    def add() -> None:
        rules[max(rules, default=0) + 1] = Rule()

    st.markdown("**It tells of**")
    found = [
        _rule(number, rule, projects, kinds, rules, key=f"{kept}.{number}") for number, rule in rules.items()
    ]
    if len(rules) < MOST_RULES:
        st.button("Or of …", icon=":material/add:", type="tertiary", key=f"{kept}.add", on_click=add)
    return tuple(found)


@st.cache_data(scope="session", ttl=600, show_spinner=False)
def fact_kinds() -> dict[str, str]:
    """The types that have a message, with what they mean."""
    return {kind.type: kind.description for kind in yard().channels.facts()}


def _rule(
    number: int,
    rule: Rule,
    projects: Mapping[UUID, str],
    kinds: Mapping[str, str],
    rules: dict[int, Rule],
    *,
    key: str,
) -> Rule:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            at_least = st.segmented_control(
                "How bad",
                list(AT_LEAST),
                default=rule.at_least,
                required=True,
                format_func=AT_LEAST.__getitem__,
                key=f"{key}.at_least",
                label_visibility="collapsed",
            )
            st.space("stretch")
            if len(rules) > 1:
                st.button(
                    "",
                    icon=":material/close:",
                    type="tertiary",
                    key=f"{key}.remove",
                    help="Take this one out",
                    on_click=lambda: rules.pop(number),
                )
        facts = st.multiselect(
            "Only of",
            list(kinds),
            default=[kind for kind in rule.facts if kind in kinds],
            format_func=fact_in_words,
            placeholder="all that happens",
            key=f"{key}.facts",
        )
        project = _project(rule, projects, key=f"{key}.project") if projects else None
    return Rule(project_id=project, facts=tuple(facts), at_least=Severity(at_least))


def _project(rule: Rule, projects: Mapping[UUID, str], *, key: str) -> UUID | None:
    options = [None, *projects]
    return st.selectbox(
        "In",
        options,
        index=options.index(rule.project_id) if rule.project_id in projects else 0,
        format_func=lambda each: projects[each] if each else "every project",
        key=key,
    )
