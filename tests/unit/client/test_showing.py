"""What commands print: names of strangers are shown, never obeyed."""

import json

import pytest

from libs.client.commands.showing import show, table, tell_error
from libs.common.contracts.imports import ClassCount
from libs.common.errors import BadInput, Problem

HOSTILE = "[red]a[/nope]\x1b[2J\r\x07\u202e\udce9"
HARMLESS = "[red]a[/nope]\\x1b[2J\\r\\x07\\u202e\\udce9"


def test_markup_and_control_characters_are_printed_as_they_are_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table([(HOSTILE, None, 3)], "name", "none", "count", title=HOSTILE)
    tell_error(
        BadInput(HOSTILE, errors=[Problem(field=HOSTILE, message=HOSTILE), Problem(row=7, message="x")])
    )

    said = capsys.readouterr()

    assert said.out.count(HARMLESS) == 2 and said.err.count(HARMLESS) == 3
    assert "row 7: x" in said.err
    assert not set(said.out + said.err) & set("\x1b\r\x07\u202e\udce9")


def test_a_list_is_a_table_or_json_with_everything(capsys: pytest.CaptureFixture[str]) -> None:
    items = [ClassCount(name="hérôn", count=3)]

    show(iter(items), {"class": lambda it: it.name}, as_json=False)
    as_table = capsys.readouterr().out
    show(iter(items), {"class": lambda it: it.name}, as_json=True)
    as_json = capsys.readouterr().out

    assert "hérôn" in as_table and "3" not in as_table
    assert json.loads(as_json) == [{"name": "hérôn", "count": 3}]


def test_an_empty_list_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    show([], {}, as_json=True)
    assert json.loads(capsys.readouterr().out) == []
