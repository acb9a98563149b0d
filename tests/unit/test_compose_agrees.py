"""The compose file, the Dockerfile, the settings classes and the extras say the same."""

import importlib
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
SERVERS = {"postgres", "nats", "minio", "triton"}
ROOMS = {"gateway", "datasets", "trainer", "evaluator", "exporter", "inference", "notifier"}
OURS = ROOMS | {"worker", "console"}


def settings_of(name: str) -> type[BaseSettings]:
    module = {"worker": "services.trainer.worker_settings"}.get(name, f"services.{name}.settings")
    return importlib.import_module(module).Settings


def variables_of(model: type[BaseModel], prefix: str = "MODELYARD_") -> dict[str, object]:
    found: dict[str, object] = {}
    for field_name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= variables_of(kind, f"{prefix}{field_name.upper()}__")
        else:
            found[f"{prefix}{field_name.upper()}"] = field
    return found


def test_every_part_of_the_house_is_in_the_compose_file():
    assert set(SERVICES) == SERVERS | OURS


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_has_a_pinned_image_or_our_dockerfile_a_health_check_and_a_memory_limit(name):
    service = SERVICES[name]
    if name in SERVERS:
        assert re.search(r":[\w.-]*\d", service["image"]), "the image is not pinned"
        assert service["healthcheck"]["test"]
    else:
        assert service["build"]["dockerfile"] == "infra/Dockerfile"
        assert "HEALTHCHECK" in (ROOT / "infra/Dockerfile").read_text()
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])


@pytest.mark.parametrize("name", sorted(ROOMS | {"worker"}))
def test_every_variable_in_the_compose_file_is_one_that_the_room_reads(name):
    known = variables_of(settings_of(name))
    assert set(SERVICES[name]["environment"]) <= set(known)


@pytest.mark.parametrize("name", sorted(ROOMS | {"worker"}))
def test_every_required_setting_is_given_in_the_compose_file(name):
    required = {key for key, field in variables_of(settings_of(name)).items() if field.is_required()}
    assert required <= set(SERVICES[name]["environment"])


def test_the_worker_gets_no_database_and_no_store_credentials():
    assert not [key for key in SERVICES["worker"]["environment"] if "DATABASE" in key or "STORAGE" in key]


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_image_is_built_from_an_extra_that_exists(name):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert SERVICES[name]["build"]["args"]["SERVICE"] in extras


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_container_of_ours_waits_for_health_not_for_luck(name):
    conditions = [each["condition"] for each in SERVICES[name]["depends_on"].values()]
    assert conditions
    assert set(conditions) == {"service_healthy"}


def test_ports_are_published_on_loopback_only():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_port_that_is_checked_is_the_port_that_is_served():
    dockerfile = (ROOT / "infra/Dockerfile").read_text()
    checked = re.search(r"127\.0\.0\.1:(\d+)/readyz", dockerfile)
    assert checked is not None
    for name in ROOMS | {"worker"}:
        assert SERVICES[name]["environment"]["MODELYARD_HTTP__PORT"] == checked[1]


def test_no_secret_has_a_default():
    for name in ROOMS | {"worker"}:
        secrets = [
            key
            for key, field in variables_of(settings_of(name)).items()
            if field.annotation is SecretStr and key in SERVICES[name]["environment"]
        ]
        for key in secrets:
            assert ":?" in SERVICES[name]["environment"][key], f"{key} of {name}"


def test_images_run_as_a_user_without_rights():
    assert re.search(r"^USER modelyard$", (ROOT / "infra/Dockerfile").read_text(), re.MULTILINE)
