"""What Prometheus is asked: the expressions of alerts and dashboards, and the names of series in them."""

import json
import re
from typing import Any

import yaml

from infra.local.monitoring import PROMETHEUS

DASHBOARDS = PROMETHEUS.parent / "grafana" / "dashboards"
NAME = re.compile(r"\b(?:(?:modelyard|process|nv)_[a-z0-9_]+|up|ALERTS)\b")
# What Grafana puts in place of its variables.
VARIABLES = {"$__rate_interval": "5m", "$deployment": ".*", "$room": ".*"}


def watched() -> dict[str, list[dict[str, Any]]]:
    """The rules of each file."""
    files = sorted((PROMETHEUS / "rules").glob("*.yml"))
    return {
        file.stem: [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
        for file in files
    }


def charted() -> dict[str, list[str]]:
    """The questions of each dashboard, variables filled in."""
    boards = {file.stem: json.loads(file.read_text()) for file in sorted(DASHBOARDS.glob("*.json"))}
    return {
        name: [_filled(target["expr"]) for panel in board["panels"] for target in panel["targets"]]
        for name, board in boards.items()
    }


def names_in(expression: str) -> set[str]:
    return set(NAME.findall(re.sub(r'"[^"]*"', "", expression)))


def asked() -> set[str]:
    """Every series that somebody looks at; Prometheus itself makes `up` and `ALERTS`."""
    rules = [rule["expr"] for each in watched().values() for rule in each]
    questions = [question for each in charted().values() for question in each]
    return set().union(*map(names_in, rules + questions)) - {"up", "ALERTS"}


def told(text: str) -> set[str]:
    """The series that a reading declares, also those that have no value yet."""
    found: set[str] = set()
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        found |= {name + suffix for suffix in suffixes}
    return found


def _filled(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression
