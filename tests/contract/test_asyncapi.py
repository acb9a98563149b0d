"""The document of the public facts is AsyncAPI, and says what really travels.

`asyncapi-3.0.0.json` is AsyncAPI's own schema (Apache-2.0), without its forms of bindings, Avro and OpenAPI.
"""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from libs.common import asyncapi
from libs.common.contracts.base import Fact, FactEnvelope, now
from libs.common.ids import new_id
from tests.contract.references import references
from tests.unit.notifier.facts import one_of_each

RULES = Draft7Validator(json.loads((Path(__file__).parent / "asyncapi-3.0.0.json").read_text()))
DOCUMENT = asyncapi.document()


def test_the_document_is_asyncapi():
    RULES.validate(DOCUMENT)


@pytest.mark.parametrize("part", ["channels", "operations"])
def test_the_rules_would_notice(part):
    spoilt = copy.deepcopy(DOCUMENT)
    next(iter(spoilt[part].values()))["surprise"] = True

    with pytest.raises(jsonschema.ValidationError):
        RULES.validate(spoilt)


def test_every_reference_leads_somewhere():
    for reference in references(DOCUMENT):
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_fact_says_what_it_means():
    assert [name for name, kind in asyncapi.public_facts().items() if not kind.__doc__] == []


@pytest.mark.parametrize("fact", one_of_each(), ids=lambda fact: fact.type_name())
def test_what_is_published_is_what_is_described(fact: Fact):
    name = fact.type_name()
    envelope = FactEnvelope(
        id=new_id(),
        type=name,
        schema_version=fact.schema_version,
        aggregate_id=fact.aggregate_id,
        sequence=1,
        occurred_at=now(),
        project_id=fact.project_id,
        data=fact.model_dump(mode="json"),
    )
    payload = DOCUMENT["components"]["messages"][name]["payload"]
    rules = Draft202012Validator({**payload, "components": DOCUMENT["components"]})
    travelling = envelope.model_dump(mode="json")

    rules.validate(travelling)
    assert not rules.is_valid(travelling | {"type": "run.invented"})
    assert not rules.is_valid(travelling | {"data": {}})
