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

# In the shape that api.osv.dev answers in: two databases tell of the same thing, spell the package in their
# own way, and one of them knows the commits that mended it.
REVIEWED = {
    "schema_version": "1.6.0",
    "id": "GHSA-g3rq-g295-4j3m",
    "aliases": ["BIT-jinja2-2020-28493", "CVE-2020-28493", "PYSEC-2021-66"],
    "modified": "2024-09-24T20:59:26.000000Z",
    "published": "2021-03-19T21:28:05Z",
    "summary": "Regular expressions that take too long",
    "details": "Addresses in a text make `urlize` slow.",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"}],
    "affected": [
        {
            "package": {"name": "Jinja2", "ecosystem": "PyPI", "purl": "pkg:pypi/jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.11.3"}]}],
            "versions": ["2.11.1", "2.11.2"],
            "database_specific": {"source": "https://example.org/GHSA-g3rq-g295-4j3m.json"},
        }
    ],
    "references": [{"type": "ADVISORY", "url": "https://example.org/CVE-2020-28493"}],
    "database_specific": {"cwe_ids": ["CWE-400"], "github_reviewed": True, "severity": "MODERATE"},
}
OF_PYTHON = {
    "schema_version": "1.6.0",
    "id": "PYSEC-2021-66",
    "aliases": ["CVE-2020-28493", "GHSA-g3rq-g295-4j3m"],
    "modified": "2023-11-08T04:03:43.000000Z",
    "published": "2021-02-01T20:15:00Z",
    "details": "The same in other words.",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI", "purl": "pkg:pypi/jinja2"},
            "ranges": [
                {
                    "type": "GIT",
                    "repo": "https://example.org/jinja",
                    "events": [{"introduced": "0"}, {"fixed": "15ef8f09b659f9100610583938005a7a10472d4d"}],
                },
                {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.11.3"}]},
            ],
            "versions": ["2.11.1", "2.11.2"],
        }
    ],
    "references": [{"type": "FIX", "url": "https://example.org/jinja/1343"}],
}
WITHDRAWN = REVIEWED | {"id": "GHSA-0000-0000-0000", "aliases": [], "withdrawn": "2024-01-01T00:00:00Z"}
ANSWER = {"vulns": [REVIEWED, OF_PYTHON, WITHDRAWN]}
Audit = Callable[..., subprocess.CompletedProcess[str]]


class Advisories(BaseHTTPRequestHandler):
    """Speaks as OSV does; knows of two releases."""

    known = {tuple(KNOWN_BAD.split("==")), ("jinja2", "2.11.2")}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_known = (asked["package"]["name"], asked["version"]) in self.known
        body = json.dumps(ANSWER if is_known else {}).encode()
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
    (told,) = [line for line in done.stdout.splitlines() if line.startswith("jinja2 2.11.2: ")]
    names = ("GHSA-g3rq-g295-4j3m", "PYSEC-2021-66", "CVE-2020-28493", "(fixed in 2.11.3)")
    assert all(name in told for name in names), told
    assert "GHSA-0000-0000-0000" not in done.stdout, "what was withdrawn is no advisory"


def test_what_is_found_ends_the_check_that_ci_runs():
    """`make check` runs the audit, and does not go on after it."""
    makefile = (ROOT / "Makefile").read_text()
    check = next(line for line in makefile.splitlines() if line.startswith("check:"))
    audit = makefile.partition("\naudit: ")[2].partition("\n\n")[0]

    assert "audit" in check.split()
    assert audit.rstrip().endswith("@$(PYTHON) -m infra.audit")


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
