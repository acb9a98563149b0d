"""The compose file, the Dockerfile, the settings classes and the extras say the same."""

import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import jsonschema
import pytest
import yaml
from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "infra/Dockerfile").read_text()
SERVERS = {"postgres", "nats", "minio", "triton"}
WATCHERS = {"prometheus", "grafana"}
ROOMS = {"gateway", "datasets", "trainer", "evaluator", "exporter", "inference", "notifier"}
OURS = ROOMS | {"worker", "console"}


def settings_of(name: str) -> type[BaseSettings]:
    module = {"worker": "services.trainer.worker.settings"}.get(name, f"services.{name}.settings")
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


def test_the_file_is_one_that_compose_accepts():
    """`compose-spec.json` is the Compose Specification's own schema, Apache-2.0."""
    schema = json.loads((ROOT / "tests/unit/compose-spec.json").read_text())
    jsonschema.validators.validator_for(schema)(schema).validate(COMPOSE)


def test_every_part_of_the_house_is_in_the_compose_file():
    assert set(SERVICES) == SERVERS | WATCHERS | OURS


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_has_a_pinned_image_or_our_dockerfile_a_health_check_and_a_memory_limit(name):
    service = SERVICES[name]
    if name in SERVERS | WATCHERS:
        assert re.search(r":[\w.-]*\d", service["image"]), "the image is not pinned"
        assert service["healthcheck"]["test"]
    else:
        assert service["build"]["dockerfile"] == "infra/Dockerfile"
        assert "HEALTHCHECK" in DOCKERFILE
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


HEAVY_ROOMS = {"trainer", "evaluator", "exporter"}


@pytest.mark.parametrize("name", sorted(OURS - HEAVY_ROOMS - {"worker"}))
def test_images_of_light_rooms_carry_no_torch(name):
    assert not {requirement for requirement in requirements_of(name) if requirement.startswith("torch")}


def requirements_of(extra: str) -> set[str]:
    """What an extra asks for, extras of our own opened up."""
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][extra]
    found = set()
    for requirement in asked:
        own = re.fullmatch(r"modelyard\[(.+)]", requirement)
        found |= set().union(*map(requirements_of, own[1].split(","))) if own else {requirement}
    return found


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
    checked = re.search(r"127\.0\.0\.1:(\d+)/readyz", DOCKERFILE)
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
    assert re.search(r"^USER modelyard$", DOCKERFILE, re.MULTILINE)


def test_what_is_written_is_on_a_volume_or_in_memory():
    """Our containers see their own image read-only."""
    for name in OURS:
        service = SERVICES[name]
        assert service["read_only"]
        assert service["tmpfs"] == ["/tmp"]
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]


def test_volumes_of_ours_belong_to_the_user_of_the_image():
    made = re.search(r"install -d -o modelyard -g modelyard (.+)$", DOCKERFILE, re.MULTILINE)
    assert made is not None
    for name in OURS:
        for volume in SERVICES[name].get("volumes", []):
            assert volume.split(":")[1] in made[1].split()


def test_whoever_signs_urls_for_browsers_uses_the_name_that_they_know_and_the_trainer_that_of_workers():
    told = {name for name in ROOMS if "MODELYARD_STORAGE__PUBLIC_ENDPOINT" in SERVICES[name]["environment"]}
    assert told == {"gateway", "datasets", "exporter"}


def test_the_console_reads_what_it_is_given():
    fields = console_settings().model_fields
    assert set(SERVICES["console"]["environment"]) <= {f"MODELYARD_{name.upper()}" for name in fields}


def console_settings() -> type[BaseSettings]:
    file = ROOT / "frontend-streamlit" / "settings.py"
    spec = importlib.util.spec_from_file_location("console_settings", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Settings


def test_everything_the_dockerfile_copies_exists_and_reaches_it():
    copied = [
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert copied
    ignored = (ROOT / ".dockerignore").read_text().split()
    for path in copied:
        assert (ROOT / path).exists(), path
        assert not set(Path(path).parts) & set(ignored), path


@pytest.mark.parametrize("secret", ["abc", "7e44fdb6", "12345678", "12e4", "with a space"])
def test_the_nats_server_reads_its_file_with_any_secret(secret):
    given = SERVICES["nats"]["environment"]["MODELYARD_NATS_PASSWORD"]
    environment = {"MODELYARD_NATS_PASSWORD": re.sub(r"\$\{MODELYARD_NATS_PASSWORD:\?[^}]+}", secret, given)}
    program = shutil.which("nats-server", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program is not None
    command = [program, "-t", "-c", str(ROOT / "infra/nats/nats.conf")]
    read = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr


def test_the_nats_server_has_the_limits_of_the_local_stack():
    for limit in ("max_payload: 8MB", "max_memory_store: 256MB", "max_file_store: 20GB"):
        assert limit in (ROOT / "infra/nats/nats.conf").read_text()
        assert limit in (ROOT / "infra/local/servers.py").read_text()


def test_fresh_secrets_are_all_that_compose_asks_for_and_are_written_once(tmp_path):
    script = tmp_path / "infra" / "compose-secrets.sh"
    script.parent.mkdir()
    shutil.copy2(ROOT / "infra/compose-secrets.sh", script)
    said = subprocess.run([str(script)], capture_output=True, text=True, check=True).stdout
    written = (tmp_path / ".env").read_text()
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    values = dict(line.split("=") for line in written.splitlines())
    assert set(values) == asked
    assert len(set(values.values())) == len(values)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert not [value for value in values.values() if value in said]
    subprocess.run([str(script)], check=True, capture_output=True)
    assert (tmp_path / ".env").read_text() == written


def test_a_secret_that_an_older_file_lacks_is_added_to_it(tmp_path):
    script = tmp_path / "infra" / "compose-secrets.sh"
    script.parent.mkdir()
    shutil.copy2(ROOT / "infra/compose-secrets.sh", script)
    (tmp_path / ".env").write_text("MODELYARD_NATS_PASSWORD=kept\n")
    subprocess.run([str(script)], check=True, capture_output=True)
    values = dict(line.split("=") for line in (tmp_path / ".env").read_text().splitlines())
    assert values["MODELYARD_NATS_PASSWORD"] == "kept"
    assert "MODELYARD_GRAFANA_PASSWORD" in values


def test_who_watches_starts_only_when_asked_for_and_reads_the_files_of_this_house():
    for name in WATCHERS:
        assert SERVICES[name]["profiles"] == ["monitoring"]
        files = [volume.split(":")[0] for volume in SERVICES[name]["volumes"] if volume.startswith("./")]
        assert files
        assert all((ROOT / file).exists() for file in files)
    assert not [name for name in SERVERS | OURS if "profiles" in SERVICES[name]]


def test_prometheus_reads_every_room_at_the_port_where_it_tells_its_figures():
    jobs = yaml.safe_load((ROOT / "infra/prometheus/prometheus.yml").read_text())["scrape_configs"]
    targets = {job["job_name"]: [group["targets"] for group in job["static_configs"]] for job in jobs}
    expected = {
        name: f"{name}:{SERVICES[name]['environment']['MODELYARD_HTTP__PORT']}" for name in ROOMS | {"worker"}
    }
    expected["gateway"] = f"gateway:{SERVICES['gateway']['environment']['MODELYARD_METRICS__PORT']}"
    assert sorted(targets["rooms"]) == sorted([target] for target in expected.values())
    assert targets["triton"] == [[SERVICES["inference"]["environment"]["MODELYARD_TRITON__METRICS"]]]


def test_the_figures_of_the_gateway_are_not_published():
    inner = SERVICES["gateway"]["environment"]["MODELYARD_METRICS__PORT"]
    assert not [port for port in SERVICES["gateway"]["ports"] if port.endswith(f":{inner}")]
