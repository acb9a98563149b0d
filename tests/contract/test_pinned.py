"""Nothing that others build on changes by accident."""

import difflib
from typing import Any

import pytest

from tests.contract.pinned import PINNED, as_text, broken_promises

RENEW = "if this change is wanted: python -m tests.contract.pinned"


@pytest.mark.parametrize("file", PINNED, ids=lambda file: file.name)
def test_is_what_was_agreed(file):
    agreed = file.read_text().splitlines()
    present = as_text(PINNED[file]()).splitlines()

    difference = "\n".join(difflib.unified_diff(agreed, present, "agreed", "present", lineterm="", n=5))
    assert not difference, f"{RENEW}\n{difference}"


def fact(version: int = 1, **fields: str) -> dict[str, Any]:
    return {"version": version, "schema": {"properties": fields}}


def test_a_fact_may_gain_a_field_and_loses_or_changes_one_only_with_a_new_version():
    agreed = {"run.done": fact(name="text", num_steps="number")}

    assert broken_promises(agreed, {"run.done": fact(name="text", num_steps="number", more="text")}) == []
    assert broken_promises(agreed, {"run.done": fact(num_steps="text")}) == [
        "run.done.name",
        "run.done.num_steps",
    ]
    assert broken_promises(agreed, {"run.done": fact(version=2)}) == []


def test_what_is_nested_in_a_fact_is_promised_as_well():
    def schema(states: list[str], **fields: str) -> dict[str, Any]:
        return {"properties": {}, "$defs": {"State": {"enum": states}, "Step": {"properties": fields}}}

    agreed = {"run.done": {"version": 1, "schema": schema(["failed", "done"], name="text")}}
    present = {"run.done": {"version": 1, "schema": schema(["done", "lost"], title="text")}}

    assert broken_promises(agreed, present) == ["run.done.Step.name", "run.done.State=failed"]
