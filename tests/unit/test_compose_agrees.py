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
from types import NoneType
from typing import get_args

import jsonschema
import pytest
import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from infra.local.postgres import OPTIONS
from infra.nats.users import USERS
from libs.common.settings import DatabaseSettings

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
POLICIES = sorted((ROOT / "infra/minio/policies").glob("*.json"))
DOCKERFILE = (ROOT / "infra/Dockerfile").read_text()
SERVERS = {"postgres", "nats", "minio", "triton"}
WATCHERS = {"prometheus", "grafana"}
# They run once at every start and end well before a room begins.
ONCE = {"postgres-roles", "minio-keys"}
ROOMS = {"gateway", "datasets", "trainer", "evaluator", "exporter", "inference", "notifier"}
# Started by people, for one task each.
TOOLS = {"operations"}
OURS = ROOMS | TOOLS | {"worker", "console"}
# Where Python puts what nobody names a place for; not a setting of ours.
SPOOL = "TMPDIR"
PRESETS = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "infra/compose").glob("*.yml")}


def settings_of(name: str) -> type[BaseSettings]:
    elsewhere = {"worker": "services.trainer.worker.settings", "operations": "infra.operations.settings"}
    module = elsewhere.get(name, f"services.{name}.settings")
    return importlib.import_module(module).Settings


def variables_of(model: type[BaseModel], prefix: str = "MODELYARD_") -> dict[str, FieldInfo]:
    found: dict[str, FieldInfo] = {}
    for field_name, field in model.model_fields.items():
        kind = _without_none(field.annotation)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            parts = variables_of(kind, f"{prefix}{field_name.upper()}__")
            found |= parts if kind is field.annotation else dict.fromkeys(parts, field)
        else:
            found[f"{prefix}{field_name.upper()}"] = field
    return found


def _without_none(kind: object) -> object:
    """What may be left out as a whole is made of the same variables, none of which is required then."""
    parts = [part for part in get_args(kind) if part is not NoneType]
    return parts[0] if len(parts) == 1 else kind


def secrets_of(name: str) -> dict[str, str]:
    """The file a container reads, by its name below /run/secrets → the secret of this house."""
    given = [
        {"source": each} if isinstance(each, str) else each for each in SERVICES[name].get("secrets", [])
    ]
    return {each.get("target", each["source"]): each["source"] for each in given}


def variables_given(name: str) -> set[str]:
    """By the environment, or by a file that is named like a variable."""
    return {*SERVICES[name]["environment"], *(target.upper() for target in secrets_of(name))}


@pytest.mark.parametrize("file", [COMPOSE, *PRESETS.values()], ids=["docker-compose", *PRESETS])
def test_the_file_is_one_that_compose_accepts(file):
    """`compose-spec.json` is the Compose Specification's own schema, Apache-2.0."""
    schema = json.loads((ROOT / "tests/unit/compose-spec.json").read_text())
    jsonschema.validators.validator_for(schema)(schema).validate(file)


def test_every_part_of_the_house_is_in_the_compose_file():
    assert set(SERVICES) == SERVERS | ONCE | WATCHERS | OURS


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_container_has_a_pinned_image_or_our_dockerfile_a_health_check_and_a_memory_limit(name):
    service = SERVICES[name]
    if name in ONCE:
        assert "restart" not in service
        assert service["image"] in {SERVICES[server]["image"] for server in SERVERS}
    elif name in SERVERS | WATCHERS:
        assert re.search(r":[\w.-]*\d", service["image"]), "the image is not pinned"
        assert service["healthcheck"]["test"]
    else:
        assert service["build"]["dockerfile"] == "infra/Dockerfile"
        assert "HEALTHCHECK" in DOCKERFILE
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])


@pytest.mark.parametrize("name", sorted(ROOMS | TOOLS | {"worker"}))
def test_every_variable_in_the_compose_file_is_one_that_the_room_reads(name):
    known = variables_of(settings_of(name))
    assert variables_given(name) <= {*known, SPOOL}


@pytest.mark.parametrize("name", sorted(ROOMS | {"worker"}))
def test_every_required_setting_is_given_in_the_compose_file(name):
    required = {key for key, field in variables_of(settings_of(name)).items() if field.is_required()}
    assert required <= variables_given(name)


def test_the_worker_gets_no_database_and_no_store_credentials():
    assert not [key for key in variables_given("worker") if "DATABASE" in key or "STORAGE" in key]
    assert secrets_of("worker") == {"modelyard_bus__password": "nats_worker"}


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
    waited_for = {other: each["condition"] for other, each in SERVICES[name]["depends_on"].items()}
    assert waited_for
    for other, condition in waited_for.items():
        assert condition == ("service_completed_successfully" if other in ONCE else "service_healthy")


def test_ports_are_published_on_loopback_only():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_port_that_is_checked_is_the_port_that_is_served():
    checked = re.search(r"127\.0\.0\.1:(\d+)/readyz", DOCKERFILE)
    assert checked is not None
    for name in ROOMS | {"worker"}:
        assert SERVICES[name]["environment"]["MODELYARD_HTTP__PORT"] == checked[1]


@pytest.mark.parametrize("name", sorted(ROOMS | {"worker"}))
def test_every_secret_of_a_room_comes_from_a_file_and_none_from_the_environment(name):
    secrets = {
        key for key, kind in variables_of(settings_of(name)).items() if "SecretStr" in str(kind.annotation)
    }
    assert {target.upper() for target in secrets_of(name)} <= secrets
    # Of the addresses of databases only those that hold no password.
    told = {key: SERVICES[name]["environment"][key] for key in secrets & set(SERVICES[name]["environment"])}
    assert all(re.match(r"postgresql://[^:@]+@", address) for address in told.values())


@pytest.mark.parametrize("name", sorted(ROOMS | {"worker"}))
def test_a_room_has_its_own_user_role_and_key_and_no_others(name):
    given = SERVICES[name]["environment"]
    assert given["MODELYARD_BUS__USER"] == name
    own = {"modelyard_bus__password": f"nats_{name}"}
    if name != "worker":
        assert given["MODELYARD_DATABASE__URL"] == f"postgresql://modelyard_{name}@postgres:5432/modelyard"
        assert given["MODELYARD_STORAGE__ACCESS_KEY"] == f"modelyard-{name}"
        own["modelyard_database__password"] = f"postgres_{name}"
        own["modelyard_storage__secret_key"] = f"s3_{name}"
    found = {target: source for target, source in secrets_of(name).items() if target in own}
    assert found == own
    servers = [source for source in secrets_of(name).values() if source.split("_")[-1] in ROOMS - {name}]
    assert servers == []


def test_every_secret_is_given_to_somebody_and_lies_in_the_folder_that_the_script_writes():
    used = {source for name in SERVICES for source in secrets_of(name).values()}
    assert set(COMPOSE["secrets"]) == used
    assert {name: each["file"] for name, each in COMPOSE["secrets"].items()} == {
        name: f".secrets/{name}" for name in used
    }


def test_no_container_is_given_a_secret_by_its_environment():
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            told = f"{key} of {name}"
            assert not re.search(r"(PASSWORD|SECRET_KEY|TOKEN)$", key), told
            assert ":?" not in str(value), told


def test_the_servers_know_everybody_who_comes_to_them():
    """Each user, role and key that a room has is made where it is asked for."""
    rooms = {f"postgres_{name}" for name in ROOMS}
    assert {*secrets_of("postgres-roles")} == {"owner_password", *rooms}
    assert {*secrets_of("nats")} == {f"nats_{user.name}" for user in USERS}
    assert {*secrets_of("minio-keys")} == {"owner_key", *(f"s3_{path.stem}" for path in POLICIES)}
    assert {path.stem for path in POLICIES} == ROOMS | {"imports"}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda path: path.stem)
def test_a_policy_gives_nothing_but_what_lies_under_keys_that_are_spelled_in_one_place(policy):
    spelled = set(re.findall(r'"([a-z]+)/', (ROOT / "libs/common/artifacts.py").read_text()))
    for statement in json.loads(policy.read_text())["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not [action for action in statement["Action"] if "*" in action]
        for resource in statement["Resource"]:
            bucket, _, below = resource.removeprefix("arn:aws:s3:::").partition("/")
            assert bucket == ("imports" if policy.stem == "imports" else "modelyard")
            assert policy.stem == "imports" or below == "" or below.removesuffix("/*") in spelled


def test_every_kind_of_object_is_written_by_rooms_that_may():
    spelled = set(re.findall(r'"([a-z]+)/', (ROOT / "libs/common/artifacts.py").read_text()))
    written = {
        resource.partition("/")[2].removesuffix("/*")
        for policy in POLICIES
        for statement in json.loads(policy.read_text())["Statement"]
        if "s3:PutObject" in statement["Action"]
        for resource in statement["Resource"]
    }
    assert written == spelled


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_lines_of_every_container_are_kept_in_pieces_and_packed(name):
    options = SERVICES[name]["logging"]["options"]
    assert options["compress"] == "true"
    assert int(options["max-file"]) > 1
    assert re.fullmatch(r"\d+m", options["max-size"])


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_preset_changes_parts_that_exist_with_settings_that_they_read(preset):
    for name, changes in PRESETS[preset]["services"].items():
        assert name in SERVICES
        assert set(changes) <= {"environment", "secrets", "mem_limit", "shm_size", "deploy", "platform"}
        read = set(variables_of(settings_of(name))) if {"environment", "secrets"} & set(changes) else set()
        assert set(changes.get("environment", {})) <= read
        assert {each["target"].upper() for each in changes.get("secrets", ())} <= read
        assert re.fullmatch(r"\d+[mg]", changes.get("mem_limit", "1g"))


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_whoever_is_offered_a_gpu_is_given_one(preset):
    services = PRESETS[preset]["services"]
    offered = {
        name
        for name, changes in services.items()
        if changes.get("environment", {}).get("MODELYARD_DEVICE", "").startswith("gpu")
    }
    given = {name for name, changes in services.items() if "deploy" in changes}
    assert given == (offered | {"triton"} if offered else set())


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_preset_brings_the_secrets_that_it_gives(preset):
    services = PRESETS[preset]["services"].values()
    given = {each["source"] for changes in services for each in changes.get("secrets", ())}
    assert given == set(PRESETS[preset].get("secrets", {}))


def test_a_gateway_with_an_identity_provider_reads_what_compose_gives_it(tmp_path, monkeypatch):
    for key in (key for key in os.environ if key.startswith("MODELYARD_")):
        monkeypatch.delenv(key)
    gateway = PRESETS["identity"]["services"]["gateway"]
    monkeypatch.setenv("MODELYARD_OIDC__ISSUER", "https://id.example.org")
    monkeypatch.setenv("MODELYARD_OIDC__CLIENT_ID", "modelyard")
    for target in secrets_of("gateway") | {each["target"]: "" for each in gateway["secrets"]}:
        (tmp_path / target).write_text(f"of {target}")
    monkeypatch.setenv("MODELYARD_SECRETS_FOLDER", str(tmp_path))
    oidc = settings_of("gateway")().oidc  # type: ignore[attr-defined]
    assert oidc.client_secret.get_secret_value() == "of modelyard_oidc__client_secret"


def test_the_presets_are_those_that_the_readme_names():
    readme = (ROOT / "README.md").read_text()
    assert {"cpu", "gpu", "dgx-spark", "identity"} == set(PRESETS)
    assert all(f"infra/compose/{preset}.yml" in readme for preset in PRESETS)


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


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_what_is_put_down_as_it_is_sent_lies_on_a_volume_and_not_in_memory(name):
    texts = [path.read_text() for path in (ROOT / "services" / name).rglob("*.py")]
    spool = SERVICES[name]["environment"].get(SPOOL)
    volumes = {volume.split(":")[1] for volume in SERVICES[name].get("volumes", [])}
    assert (spool in volumes) == any("TemporaryFile(" in text for text in texts)


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_a_container_starts_is_there(name):
    service = SERVICES[name]
    words = service.get("entrypoint") or service.get("command") or ["python", "-m", f"services.{name}"]
    if name == "console":
        folder = ROOT / service["working_dir"].removeprefix("/app/")
        assert (folder / words[words.index("run") + 1]).is_file()
    else:
        assert words[:2] == ["python", "-m"]
        assert importlib.util.find_spec(f"{words[2]}.__main__") is not None


def test_postgres_is_healthy_when_it_answers_where_rooms_ask_and_has_a_place_for_each():
    """At its first start the image's server answers at a socket while it is still being made."""
    assert "pg_isready -h 127.0.0.1 " in SERVICES["postgres"]["healthcheck"]["test"][1]
    assert SERVICES["postgres"]["command"] == ["-c", f"max_connections={OPTIONS['max_connections']}"]
    most_of_a_room = 2 * DatabaseSettings().pool_size + 4
    assert len(ROOMS) * most_of_a_room < int(OPTIONS["max_connections"])


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
def test_the_nats_server_reads_its_file_with_any_secret(tmp_path, secret):
    for file in secrets_of("nats"):
        (tmp_path / file).write_text(secret)
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin", "SECRETS": str(tmp_path)}
    command = ["sh", str(ROOT / "infra/nats/serve.sh"), "-t", "-c", str(ROOT / "infra/nats/nats.conf")]
    read = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr


@pytest.mark.parametrize("file", ["infra/nats/serve.sh", "infra/postgres/roles.sh", "infra/minio/keys.sh"])
def test_a_script_of_a_container_is_there_and_can_be_read_by_its_shell(file):
    [service] = [each for each in SERVICES.values() if each.get("entrypoint", [""])[-1].endswith(file[-8:])]
    mounted = {volume.split(":")[0]: volume.split(":")[1] for volume in service["volumes"]}
    folder = f"./{Path(file).parent}"
    assert service["entrypoint"] == ["sh", f"{mounted[folder]}/{Path(file).name}"]
    subprocess.run(["sh", "-n", str(ROOT / file)], check=True)


def test_the_nats_server_has_the_limits_of_the_local_stack():
    for limit in ("max_payload: 8MB", "max_memory_store: 256MB", "max_file_store: 20GB"):
        assert limit in (ROOT / "infra/nats/nats.conf").read_text()
        assert limit in (ROOT / "infra/local/servers.py").read_text()


def run_script(folder: Path) -> str:
    script = folder / "infra" / "compose-secrets.sh"
    script.parent.mkdir(exist_ok=True)
    shutil.copy2(ROOT / "infra/compose-secrets.sh", script)
    return subprocess.run([str(script)], capture_output=True, text=True, check=True).stdout


def secrets_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / ".secrets").iterdir()}


def test_fresh_secrets_are_all_that_compose_asks_for_and_are_written_once(tmp_path):
    said = run_script(tmp_path)
    values = secrets_in(tmp_path)
    assert set(values) == set(COMPOSE["secrets"])
    assert len(set(values.values())) == len(values)
    assert all(len(value) >= 64 for value in values.values())
    assert not [value for value in values.values() if value in said]
    run_script(tmp_path)
    assert secrets_in(tmp_path) == values


def test_the_folder_of_secrets_is_closed_and_neither_built_in_nor_committed(tmp_path):
    """Its files are open to the users of containers, which docker gives them as they are."""
    run_script(tmp_path)
    assert (tmp_path / ".secrets").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / ".secrets").iterdir()} == {0o444}
    assert ".secrets" in (ROOT / ".dockerignore").read_text().split()
    assert ".secrets/" in (ROOT / ".gitignore").read_text().split()


def test_a_secret_that_is_missing_is_added_and_one_of_an_older_version_is_taken_over(tmp_path):
    (tmp_path / ".env").write_text("MODELYARD_POSTGRES_PASSWORD=kept\nMODELYARD_NATS_PASSWORD=kept, too\n")
    run_script(tmp_path)
    (tmp_path / ".secrets/s3_trainer").unlink()
    before = secrets_in(tmp_path)
    assert (before["postgres_password"], before["nats_password"]) == ("kept", "kept, too")
    run_script(tmp_path)
    after = secrets_in(tmp_path)
    assert after.pop("s3_trainer")
    assert after == before


@pytest.mark.parametrize("name", sorted(ROOMS | {"worker"}))
def test_a_room_reads_its_secrets_from_the_files_that_it_is_given(name, tmp_path, monkeypatch):
    for target in secrets_of(name):
        (tmp_path / target).write_text(f"of_{target}_of_this_test_alone\n")
    for key in (key for key in os.environ if key.startswith("MODELYARD_")):
        monkeypatch.delenv(key)
    for key, value in SERVICES[name]["environment"].items():
        if "${" not in str(value):
            monkeypatch.setenv(key, value)
    monkeypatch.setenv("MODELYARD_SECRETS_FOLDER", str(tmp_path))
    read = settings_of(name)()
    for target in secrets_of(name):
        found: object = read
        for part in target.removeprefix("modelyard_").split("__"):
            found = getattr(found, part)
        assert isinstance(found, SecretStr)
        assert found.get_secret_value() == f"of_{target}_of_this_test_alone"


def test_who_watches_starts_only_when_asked_for_and_reads_the_files_of_this_house():
    for name in WATCHERS:
        assert SERVICES[name]["profiles"] == ["monitoring"]
        files = [volume.split(":")[0] for volume in SERVICES[name]["volumes"] if volume.startswith("./")]
        assert files
        assert all((ROOT / file).exists() for file in files)
    assert not [name for name in SERVERS | ONCE | OURS - TOOLS if "profiles" in SERVICES[name]]


def test_tools_run_only_when_they_are_called_and_hold_what_belongs_to_the_owner():
    for name in TOOLS:
        assert (SERVICES[name]["profiles"], SERVICES[name]["restart"]) == ([name], "no")
        assert importlib.util.find_spec(SERVICES[name]["entrypoint"][-1]) is not None
    assert secrets_of("operations")["modelyard_database__password"] == "postgres_password"


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
