"""What each process is given."""

import shlex
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from infra.local.configuration import configuration
from infra.local.environment import environment
from infra.local.home import PROCESSES, Stack, open_stack, with_free_ports
from infra.local.programs import Program


@pytest.fixture
def made(tmp_path: Path) -> Stack:
    return with_free_ports(open_stack(tmp_path))


def secrets_in(stack: Stack, name: str) -> set[str]:
    told = "\n".join(environment(stack, name).values())
    return {secret for secret, value in stack.secrets.items() if value in told}


@pytest.mark.parametrize("name", sorted({*PROCESSES} - {"console"}))
def test_a_process_gets_only_the_secrets_it_needs(made, name):
    stores = {f"nats_{name}", f"postgres_{name}", f"s3_{name}"}
    more = {
        "gateway": {"admin_password", "admin_token", "token_key"},
        "datasets": {"s3_imports"},
        "notifier": {"channel_key"},
    }
    wanted = {f"nats_{name}"} if name == "worker" else stores | more.get(name, set())
    assert secrets_in(made, name) == wanted


def test_keys_that_stand_below_each_other_in_a_file_are_told_in_one_line(made):
    made.secrets["channel_key"] = "newer\nolder\n"

    assert environment(made, "notifier")["MODELYARD_CHANNEL_KEY"] == "newer older"


def test_the_console_holds_no_secret(made):
    assert secrets_in(made, "console") == set()


def test_only_who_tells_people_hears_of_the_callers_mail_server(made, monkeypatch):
    monkeypatch.setenv("MODELYARD_SMTP__PASSWORD", "of the mail server")
    monkeypatch.setenv("MODELYARD_NODE", "elsewhere")

    assert environment(made, "notifier")["MODELYARD_SMTP__PASSWORD"] == "of the mail server"
    assert environment(made, "notifier")["MODELYARD_NODE"] == "local"
    assert "of the mail server" not in environment(made, "gateway").values()


@pytest.mark.parametrize("value", ['{"a": "b"}', "50%", "it's", "a,b=c", "two  spaces", "%(here)s"])
def test_supervisord_reads_what_was_written(made, value):
    program = Program("part", ["/bin/echo", value], environment={"VALUE": value, "OTHER": "1"})
    file = made.run / "supervisord.conf"
    file.write_text(configuration(made, [program], made.run / "sock", made.run / "pid"))
    options = ServerOptions()
    options.realize(["-c", str(file)], doc="")
    [group] = [each for each in options.process_group_configs if each.name == program.name]
    [read] = group.process_configs
    assert {key: read.environment[key] for key in program.environment} == program.environment
    assert shlex.split(read.command) == program.command
