"""How names of models are made from what users typed."""

import pytest
from pydantic import TypeAdapter

from libs.common.contracts.base import Slug
from services.exporter.naming import slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Handwritten Digits, run 3", "handwritten-digits-run-3"),
        ("--Ünïcode--", "n-code"),
        ("数字", "model"),
        ("../../etc/passwd", "etc-passwd"),
        ("a" * 62 + " b", "a" * 62),
    ],
)
def test_any_text_becomes_a_name_that_is_safe_everywhere(text: str, expected: str) -> None:
    assert TypeAdapter(Slug).validate_python(slug(text)) == expected
