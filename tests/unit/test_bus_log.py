"""What a process of ours writes to its log, seen from outside it."""

import json
import subprocess
import sys

PROGRAM = """
import logging
import structlog
from uuid import UUID
from libs.common.bus import RequestContext, bind_context
from libs.common.log import configure_logging, get_logger
from libs.common.settings import LogSettings

configure_logging("datasets", LogSettings(format="{format}"))
log = get_logger("a.module")
structlog.contextvars.clear_contextvars()
bind_context(RequestContext("r-1", "ada"))
log.debug("not_told")
log.info("dataset_imported", dataset_id=UUID(int=7), num_samples=3)
logging.getLogger("a.library").warning("careful")
password = "the secret of the local variable"
try:
    raise ZeroDivisionError("by zero")
except ZeroDivisionError as error:
    log.error("import_failed", exc_info=error)
"""


def logged(format: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{format}", format)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == ""
    return done.stderr


def test_every_entry_is_one_json_line_with_the_service_and_the_ids_of_the_request():
    entries = [json.loads(line) for line in logged("json").splitlines()]
    assert [entry["event"] for entry in entries] == ["dataset_imported", "careful", "import_failed"]
    assert {(entry["service"], entry["request_id"], entry["actor"]) for entry in entries} == {
        ("datasets", "r-1", "ada")
    }
    assert entries[0]["dataset_id"] == "00000000-0000-0000-0000-000000000007"
    assert entries[1]["level"] == "warning"


def test_a_traceback_is_told_without_the_local_variables():
    text = logged("json")
    (exception,) = json.loads(text.splitlines()[-1])["exception"]
    assert exception["exc_type"] == "ZeroDivisionError"
    assert "the secret" not in text


def test_people_get_lines_to_read():
    text = logged("console")
    assert "dataset_imported" in text
    assert "ZeroDivisionError: by zero" in text
