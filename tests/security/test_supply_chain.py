"""Supply chain: every package is pinned by hash, known bad releases stay out, advisories are heard of."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from packaging.requirements import Requirement

from infra.audit import KNOWN_BAD, PINS, ROOT

ADVISORY = {
    "id": "GHSA-g3rq-g295-4j3m",
    "aliases": ["CVE-2020-28493"],
    "summary": "Regular expressions that take too long",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.11.3"}]}],
        }
    ],
}
Audit = Callable[..., subprocess.CompletedProcess[str]]


class Advisories(BaseHTTPRequestHandler):
    """Speaks as OSV does; knows of two releases."""

    known = {tuple(KNOWN_BAD.split("==")), ("jinja2", "2.11.2")}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_known = (asked["package"]["name"], asked["version"]) in self.known
        body = json.dumps({"vulns": [ADVISORY]} if is_known else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def osv_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Advisories) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


@pytest.fixture
def audit(tmp_path: Path, osv_url: str) -> Audit:
    def run(pin: str, *listed: str, url: str = osv_url) -> subprocess.CompletedProcess[str]:
        pins, project = tmp_path / "pins.txt", tmp_path / "pyproject.toml"
        pins.write_text(pin)
        reasons = "\n".join(f'{each} = "not reached from outside"' for each in listed)
        project.write_text(f"[tool.modelyard.advisories]\n{reasons}\n")
        command = [
            sys.executable,
            "-m",
            "infra.audit",
            "--pins",
            pins,
            "--project",
            project,
            "--osv-url",
            url,
        ]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    return run


def test_a_release_with_a_known_advisory_fails_and_is_named(audit: Audit):
    done = audit("jinja2==2.11.2")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "jinja2 2.11.2: CVE-2020-28493, GHSA-g3rq-g295-4j3m (fixed in 2.11.3)" in done.stdout


def test_one_that_is_listed_with_a_reason_is_lived_with_until_it_is_gone(audit: Audit):
    assert audit("jinja2==2.11.2", "CVE-2020-28493").returncode == 0
    gone = audit("jinja2==3.1.6", "CVE-2020-28493")

    assert gone.returncode == 1
    assert "take it out" in gone.stdout


def test_where_nobody_can_tell_nothing_is_called_safe(audit: Audit):
    done = audit("jinja2==2.11.2", url="http://127.0.0.1:9/v1/query")

    assert done.returncode == 0
    assert "NOT AUDITED" in done.stderr and "0 advisories" not in done.stdout


def test_every_advisory_that_is_lived_with_has_a_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert all(reason.strip() for reason in project["tool"]["modelyard"]["advisories"].values())


@pytest.mark.parametrize("file", PINS, ids=lambda file: file.name)
def test_every_package_is_pinned_with_its_hash(file: Path):
    pins = re.split(r"\n(?=\S)", file.read_text().strip())

    assert [pin for pin in pins if "==" not in pin.splitlines()[0] or "--hash=sha256:" not in pin] == []


@pytest.mark.parametrize("release", ["2.6.2", "2.6.3"])
def test_the_releases_of_lightning_that_were_malicious_cannot_be_chosen(release: str):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        Requirement(each)
        for extra in project["project"]["optional-dependencies"].values()
        for each in extra
        if each.startswith("lightning")
    ]

    assert wanted and not any(each.specifier.contains(release) for each in wanted)
    assert f"lightning=={release}" not in (ROOT / "constraints.txt").read_text()
