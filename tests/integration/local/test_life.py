"""From the first start to the last stop, accidents in between."""

import json
import os
import signal
import socket
from pathlib import Path

import asyncpg
import numpy as np
import onnx
import pytest
import tritonclient.http as triton
from onnx import TensorProto, helper

from infra.local import configuration
from infra.local.control import LocalStack, NotReady
from infra.local.environment import environment
from infra.local.home import ROOT, Stack
from infra.local.leftovers import processes_of
from infra.local.ports import LOOPBACK
from infra.local.supervision import Supervisor
from tests.integration.local.conftest import Yard
from tests.integration.local.machine import shared_memory, shared_memory_of

SERVERS = ("postgres", "nats", "s3", "triton")


def up(yard: Yard, *names: str, **environment: str) -> None:
    said = yard.run("up", *names, **environment)
    assert said.code == 0, said.text


def serve_a_sum(stack: Stack) -> None:
    """A model in Triton's Python backend, which keeps tensors in shared memory, answers once."""
    folder = stack.models / "sum"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.py").write_bytes((ROOT / "infra/triton/model.py").read_bytes())
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "sum", tensors[:1], tensors[1:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, folder / "1" / "model.onnx")
    (folder / "config.pbtxt").write_text(
        'backend: "python" max_batch_size: 4 '
        'input [ { name: "x" data_type: TYPE_FP32 dims: [ 2 ] } ] '
        'output [ { name: "y" data_type: TYPE_FP32 dims: [ 2 ] } ] '
        "instance_group [ { kind: KIND_CPU } ]"
    )
    with triton.InferenceServerClient(f"{LOOPBACK}:{stack.ports['triton_http']}") as client:
        client.load_model("sum")
        given = triton.InferInput("x", [3, 2], "FP32")
        given.set_data_from_numpy(np.arange(6, dtype=np.float32).reshape(3, 2))
        answer = client.infer("sum", [given]).as_numpy("y")
    np.testing.assert_array_equal(answer, 2 * np.arange(6, dtype=np.float32).reshape(3, 2))


def assert_nothing_is_left(stack: Stack, held: set[str]) -> None:
    assert not list(processes_of(stack))
    assert not held & shared_memory()
    assert not list(stack.run.iterdir())
    assert not Supervisor(stack).socket.exists()


@pytest.mark.parametrize(
    "is_killed", [False, True], ids=["in peace", "after supervisord and Triton were killed"]
)
def test_down_leaves_no_process_no_shared_memory_no_socket(yard, is_killed):
    up(yard, *SERVERS, "notifier")
    stack = yard.local.stack
    serve_a_sum(stack)
    held = shared_memory_of(stack)
    assert any(name.startswith("modelyard-") for name in held)
    assert any(name.startswith("PostgreSQL.") for name in held)
    if is_killed:
        os.kill(yard.supervisor_pid, signal.SIGKILL)
        os.kill(int(next(pid for pid in processes_of(stack) if is_triton(pid))), signal.SIGKILL)
    said = yard.run("down")
    assert (said.code, said.text) == (0, "stack down\n")
    assert_nothing_is_left(stack, held)


def is_triton(pid: int) -> bool:
    """What ends meanwhile is none."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name == "tritonserver"
    except OSError:
        return False


def test_up_after_a_killed_supervisord_begins_anew_at_the_same_ports(lasting):
    up(lasting, "nats", "s3")
    before = lasting.local.stack.ports
    old = set(processes_of(lasting.local.stack))
    os.kill(lasting.supervisor_pid, signal.SIGKILL)
    assert lasting.run("status", "nats").code == 1
    up(lasting, "nats", "s3")
    assert not old & set(processes_of(lasting.local.stack))
    assert lasting.local.stack.ports == before


def test_down_and_up_again_keeps_ports_secrets_and_data(lasting):
    up(lasting, "s3")
    before = lasting.local.stack
    (lasting.home / "s3" / "bucket").mkdir()
    assert lasting.run("down").code == 0
    up(lasting, "s3")
    assert lasting.local.stack == before
    assert (lasting.home / "s3" / "bucket").is_dir()


def test_a_stack_that_is_down_cannot_restart_a_part(lasting):
    up(lasting, "nats")
    lasting.run("down")
    said = lasting.run("restart", "nats")
    assert said.code == 1
    assert said.text == f"the stack in {lasting.home} is not up: run `modelyard up` or `make up`\n"


def test_a_port_is_fixed_by_a_setting(lasting):
    lasting.run("down")
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    up(lasting, "nats", MODELYARD_PORTS__NATS=str(port))
    assert lasting.local.stack.ports["nats"] == port
    assert lasting.local.is_ready("nats")


def test_a_fixed_port_that_is_taken_is_told_and_nothing_starts(lasting):
    lasting.run("down")
    with socket.socket() as other:
        other.bind((LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        said = lasting.run("up", "nats", MODELYARD_PORTS__NATS=str(port))
    assert (said.code, said.text) == (1, f"MODELYARD_PORTS__NATS={port}: Address already in use\n")
    assert not list(processes_of(lasting.local.stack))


async def test_a_room_that_cannot_start_is_told_with_the_end_of_its_log(lasting, monkeypatch):
    monkeypatch.setattr(configuration, "START_RETRIES", 1)
    lasting.run("down")
    local, servers = lasting.local, ("postgres", "nats", "s3")
    local.up(servers, tell=lambda _: None)
    await leave_a_schema_of_the_future(local, "notifier")
    with pytest.raises(NotReady, match=r"(?s)^notifier ends as soon as it starts:\n.*'ffffffffffff'"):
        local.up((*servers, "notifier"), tell=lambda _: None)


async def leave_a_schema_of_the_future(local: LocalStack, room: str) -> None:
    """What a room finds that is older than its data."""
    connection = await asyncpg.connect(environment(local.stack, "owner")["MODELYARD_DATABASE__URL"])
    await connection.execute(
        f"CREATE TABLE {room}.alembic_version (version_num varchar(32) PRIMARY KEY);"
        f"INSERT INTO {room}.alembic_version VALUES ('ffffffffffff')"
    )
    await connection.close()


def test_the_client_finds_the_gateway_and_its_token(lasting):
    up(lasting, "nats")
    told = json.loads((lasting.home / "client.json").read_text())
    assert told["url"] == lasting.local.stack.gateway_url
    assert Path(told["token_file"]).read_text() == lasting.local.stack.secrets["admin_token"]


def test_down_without_a_stack_is_harmless_and_makes_none(yard):
    assert yard.run("down").code == 0
    assert not yard.home.exists()


@pytest.mark.parametrize("command", [["status"], ["logs", "nats"], ["restart", "nats"]])
def test_without_a_stack_the_others_say_how_to_make_one(yard, command):
    said = yard.run(*command)
    assert (said.code, said.text) == (1, f"no stack in {yard.home}: run `modelyard up` or `make up`\n")
    assert not yard.home.exists()


def test_two_first_starts_at_once_make_one_stack(yard):
    both = [yard.start("up", "nats", "s3") for _ in range(2)]
    texts = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], texts
    assert yard.local.is_ready("nats")
    assert len([pid for pid in processes_of(yard.local.stack) if is_supervisord(pid)]) == 1


def is_supervisord(pid: int) -> bool:
    return "supervisor.supervisord" in Path(f"/proc/{pid}/cmdline").read_text()


def test_a_set_up_of_postgresql_that_was_interrupted_is_begun_again(yard):
    unfinished = yard.local.stack.home / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("half")
    up(yard, "postgres")
    assert not unfinished.exists()
    assert not (yard.home / "postgres.password").exists()


def test_a_home_may_have_a_long_name_with_spaces_and_commas(yard):
    """Longer than a Unix socket's path may be."""
    unusual = Yard(yard.home / ("long, " * 20 + "indeed"))
    up(unusual, "postgres", "nats", "s3")
    stack = unusual.local.stack
    assert unusual.run("down").code == 0
    assert_nothing_is_left(stack, set())
