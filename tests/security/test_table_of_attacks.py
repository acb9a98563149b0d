"""docs/security.md names a test for every attack, and each of them is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROWS = [
    line.strip("|").split("|")
    for line in (TESTS.parent / "docs/security.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| attack")
]
NAMED = sorted({named for row in ROWS for named in re.findall(r"`([\w/]+\.py::\w+)`", row[2])})


@cache
def written_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, functions))


def test_every_attack_has_a_defence_and_a_test():
    assert len(ROWS) >= 15
    assert [attack for attack, defence, tests in ROWS if not defence.strip() or "::test_" not in tests] == []


@pytest.mark.parametrize("named", NAMED)
def test_what_is_named_is_there(named: str):
    file, _, name = named.partition("::")

    assert name in written_in(file)
