"""Which settings every process of ours gets; little else of the caller's MODELYARD_… reaches it."""

import json
import os

from infra.local.home import ROOT, Stack
from infra.local.ports import LOOPBACK
from infra.local.postgres import DATABASE
from infra.local.roles import role
from infra.nats.users import OWNER

BUCKET = "modelyard"
# Of the same S3 server: what people put there to import it.
IMPORT_BUCKET = "imports"
# What only the caller can know.
OUTSIDE = ("MODELYARD_SMTP__", "MODELYARD_CHANNEL_HOSTS")
# Threads of numeric libraries in rooms: they wait for the network, they do not compute.
QUIET = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def environment(stack: Stack, name: str) -> dict[str, str]:
    """The variables of one process: `gateway` … `notifier`, `worker`, `console`.

    `owner` is none of them: what tools and tests that look after the servers reach them with.
    """
    match name:
        case "owner":
            return {**_bus(stack, OWNER), **_database(stack, "postgres", "password"), **_storage(stack, name)}
        case "console":
            return _console(stack)
        case "worker":
            # No database and no store credentials: it asks over the bus and gets presigned URLs.
            return {**_bus(stack, name), **_own(stack, name), "MODELYARD_DATA": str(stack.home)}
        case "gateway":
            return {**_room(stack, name), **_gateway(stack)}
        case "datasets":
            return {**_room(stack, name), **_datasets(stack)}
        case "inference":
            return {**_room(stack, name), **QUIET, **_triton(stack)}
        case "notifier":
            return {**_room(stack, name), **_notifier(stack)}
        case _:
            return _room(stack, name)


def python_path(stack: Stack) -> str:
    """Ours, and `plugins` in the home: `pip install --target` puts task packages there."""
    return os.pathsep.join((str(ROOT), str(stack.home / "plugins")))


def _room(stack: Stack, name: str) -> dict[str, str]:
    stores = {**_database(stack, role(name), name), **_storage(stack, name)}
    return {**_bus(stack, name), **stores, **_own(stack, name)}


def _own(stack: Stack, name: str) -> dict[str, str]:
    return {
        "MODELYARD_HTTP__HOST": LOOPBACK,
        "MODELYARD_HTTP__PORT": str(stack.ports[name]),
        "MODELYARD_NODE": "local",
        "MODELYARD_SCRATCH": str(stack.home / "scratch" / name),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": python_path(stack),
    }


def _bus(stack: Stack, user: str) -> dict[str, str]:
    return {
        "MODELYARD_BUS__URL": f"nats://{LOOPBACK}:{stack.ports['nats']}",
        "MODELYARD_BUS__USER": user,
        "MODELYARD_BUS__PASSWORD": stack.nats_password(user),
    }


def _database(stack: Stack, user: str, secret: str) -> dict[str, str]:
    address = f"{LOOPBACK}:{stack.ports['postgres']}/{DATABASE}"
    password = stack.secrets[f"postgres_{secret}"]
    return {"MODELYARD_DATABASE__URL": f"postgresql://{user}:{password}@{address}"}


def _storage(stack: Stack, purpose: str) -> dict[str, str]:
    access_key, secret_key = stack.store_keys()[purpose]
    return {
        "MODELYARD_STORAGE__ENDPOINT": f"{LOOPBACK}:{stack.ports['s3']}",
        "MODELYARD_STORAGE__ACCESS_KEY": access_key,
        "MODELYARD_STORAGE__SECRET_KEY": secret_key,
        "MODELYARD_STORAGE__BUCKET": BUCKET,
    }


def _gateway(stack: Stack) -> dict[str, str]:
    return {
        "MODELYARD_ADMIN_PASSWORD": stack.secrets["admin_password"],
        "MODELYARD_ADMIN_TOKEN": stack.secrets["admin_token"],
        "MODELYARD_TOKEN_KEY": stack.secrets["token_key"],
        "MODELYARD_CONSOLE_ORIGIN": stack.console_url,
        "MODELYARD_METRICS__HOST": LOOPBACK,
        "MODELYARD_METRICS__PORT": str(stack.ports["gateway_metrics"]),
    }


def _datasets(stack: Stack) -> dict[str, str]:
    """Datasets come from a folder of the home and a bucket of its own, too."""
    access_key, secret_key = stack.store_keys()["imports"]
    return {
        "MODELYARD_IMPORT_ROOTS": _listed(str(stack.imports)),
        "MODELYARD_IMPORT_S3__ENDPOINT": f"{LOOPBACK}:{stack.ports['s3']}",
        "MODELYARD_IMPORT_S3__ACCESS_KEY": access_key,
        "MODELYARD_IMPORT_S3__SECRET_KEY": secret_key,
        "MODELYARD_IMPORT_S3__BUCKETS": _listed(IMPORT_BUCKET),
    }


def _notifier(stack: Stack) -> dict[str, str]:
    """The mail server, and hosts that may be told, are those that the caller names."""
    named = {name: value for name, value in os.environ.items() if name.startswith(OUTSIDE)}
    # Lines of the file are keys, the newest first; in a variable they stand beside each other.
    key = " ".join(stack.secrets["channel_key"].split())
    return {"MODELYARD_CHANNEL_KEY": key, "MODELYARD_CONSOLE_ORIGIN": stack.console_url, **named}


def _listed(value: str) -> str:
    """Letters stay what they are: supervisord reads a backslash as its own."""
    return json.dumps([value], ensure_ascii=False)


def _triton(stack: Stack) -> dict[str, str]:
    return {
        "MODELYARD_TRITON__HTTP": f"{LOOPBACK}:{stack.ports['triton_http']}",
        "MODELYARD_TRITON__GRPC": f"{LOOPBACK}:{stack.ports['triton_grpc']}",
        "MODELYARD_TRITON__METRICS": f"{LOOPBACK}:{stack.ports['triton_metrics']}",
        "MODELYARD_TRITON__REPOSITORY": str(stack.models),
        "MODELYARD_TRITON__BACKEND": "python",
    }


def _console(stack: Stack) -> dict[str, str]:
    return {
        "MODELYARD_GATEWAY_URL": stack.gateway_url,
        "MODELYARD_TOKEN_FILE": str(stack.token_file),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": python_path(stack),
    }
