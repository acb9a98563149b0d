"""`python -m infra.audit`: known advisories of every package that is pinned, as pip-audit is told of them.

Fails on one that pyproject.toml does not list with a reason, and on one that is listed for nothing. A service
that knows nothing answers like one with nothing to say, so each is first asked about a release that has had
advisories for years. Where none answers that (behind a mirror, without a network), it says so and passes.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

ROOT = Path(__file__).parents[1]
PINS = (
    ROOT / "constraints.txt",
    ROOT / "infra/local/triton-constraints.txt",
    ROOT / "infra/local/rclone-constraints.txt",
)
PROJECT = ROOT / "pyproject.toml"
OSV = "https://api.osv.dev/v1/query"
KNOWN_BAD = "django==3.0"
PATIENCE_SECONDS = 300
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@dataclass(frozen=True)
class Advisory:
    names: tuple[str, ...]  # its id and the ids that others gave it
    package: str
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        cure = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no fix yet"
        return f"{self.package}: {', '.join(self.names)} ({cure})"


class ServiceIsSilent(Exception):
    """It cannot be reached, or knows of nothing."""


@app.command()
def audit(
    pins: Annotated[list[Path] | None, typer.Option(help="Instead of everything that is pinned.")] = None,
    project: Annotated[Path, typer.Option(help="Lists advisories that are lived with.")] = PROJECT,
    osv_url: Annotated[str | None, typer.Option(help="Ask this service, and no other.")] = None,
) -> None:
    """Exit status 1: something is known that is not listed, or the list names what is no more."""
    listed = tomllib.loads(project.read_text()).get("tool", {}).get("modelyard", {}).get("advisories", {})
    try:
        service = _one_that_knows([_osv(osv_url)] if osv_url else [["-s", "pypi"], _osv(OSV)])
        found = _together(advisory for file in pins or PINS for advisory in _advisories(service, file))
    except ServiceIsSilent as error:
        print(f"NOT AUDITED: {error}; nothing is said about the packages.", file=sys.stderr)
        return
    raise typer.Exit(_judge(found, set(listed), service[1]))


def _osv(url: str) -> list[str]:
    return ["-s", "osv", "--osv-url", url]


def _together(found: Iterable[Advisory]) -> set[Advisory]:
    """Several databases tell of the same thing, and one of them may know no cure."""
    known: dict[tuple[str, str], Advisory] = {}
    for each in found:
        key = (each.package, each.names[0])
        other = known.get(key, each)
        names = (each.names[0], *sorted({*each.names[1:], *other.names[1:]}))
        fixed_in = tuple(dict.fromkeys((*other.fixed_in, *each.fixed_in)))
        known[key] = Advisory(names, each.package, fixed_in)
    return set(known.values())


def _judge(found: set[Advisory], listed: set[str], service: str) -> int:
    unlisted = [advisory for advisory in found if listed.isdisjoint(advisory.names)]
    stale = listed.difference(*(advisory.names for advisory in found))
    for line in sorted(map(str, unlisted)):
        print(line)
    for name in sorted(stale):
        print(f"{name} is listed as lived with and not found any more: take it out")
    print(f"{service} knows {len(found)} advisories, {len(found) - len(unlisted)} of them lived with")
    return 1 if unlisted or stale else 0


def _one_that_knows(services: Sequence[list[str]]) -> list[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(KNOWN_BAD)
        file.flush()
        for service in services:
            with suppress(ServiceIsSilent):
                if any(_advisories(service, Path(file.name))):
                    return service
    raise ServiceIsSilent(f"no vulnerability service (PyPI's, OSV) tells of {KNOWN_BAD} here")


def _advisories(service: Sequence[str], pins: Path) -> Iterator[Advisory]:
    """What is pinned is looked up as it stands; nothing is resolved or installed."""
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "-f", "json"]
    command += ["--progress-spinner", "off", "-r", str(pins), *service]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
        told: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as error:
        raise ServiceIsSilent(f"{service[1]} did not answer to the end") from error
    for package in told["dependencies"]:
        for each in package.get("vulns", ()):
            yield Advisory(
                names=(each["id"], *sorted(each["aliases"])),
                package=f"{package['name']} {package['version']}",
                fixed_in=tuple(each["fix_versions"]),
            )


if __name__ == "__main__":
    app()
