"""What an image is built with is all that its modules import: told by their texts, without Docker."""

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
OWN = ("libs", "services", "infra")
CONSOLE = ROOT / "frontend-streamlit"
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ROOMS = ("gateway", "datasets", "trainer", "evaluator", "exporter", "inference", "notifier")
# All that a container of this image may be told to start lies below these.
FOLDERS = {room: ROOT / "services" / room for room in ROOMS} | {
    "operations": ROOT / "infra" / "operations",
    "console": CONSOLE,
}


@pytest.mark.parametrize("extra", FOLDERS)
def test_all_that_an_image_imports_is_in_it(extra: str) -> None:
    built_with = _distributions(extra)
    missing = {
        f"{name} of {path.relative_to(ROOT)}"
        for path in _reached(FOLDERS[extra])
        for name in _foreign(path)
        if not built_with & {canonicalize_name(each) for each in _by_module().get(name, ())}
    }
    assert not missing


@cache
def _by_module() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def _reached(folder: Path) -> set[Path]:
    """Its modules, and those of ours that they import."""
    found, waiting = set[Path](), set(folder.rglob("*.py"))
    while waiting:
        path = waiting.pop()
        found.add(path)
        own = {place for name in _imported(path) for place in _places(name)}
        waiting |= own - found
    return found


def _foreign(path: Path) -> set[str]:
    tops = {name.partition(".")[0] for name in _imported(path)}
    beside = {each.stem for each in CONSOLE.iterdir()} if path.is_relative_to(CONSOLE) else set()
    return tops - set(OWN) - sys.stdlib_module_names - beside


@cache
def _imported(path: Path) -> frozenset[str]:
    """When the module is; what a function imports, it may do without."""
    return frozenset(_names(ast.parse(path.read_text()).body))


def _names(body: list[ast.stmt]) -> Iterator[str]:
    for each in body:
        match each:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.With(body=inner):
                yield from _names(inner)


def _places(name: str) -> Iterator[Path]:
    """Of a module of ours all packages on the way to it; of what lies in a module, the module."""
    parts = name.split(".")
    if parts[0] not in OWN:
        return
    for length in range(1, len(parts) + 1):
        place = ROOT.joinpath(*parts[:length])
        yield from (each for each in (place / "__init__.py", place.with_suffix(".py")) if each.is_file())


@cache
def _distributions(extra: str) -> frozenset[str]:
    """What the Dockerfile installs: the extra, and all that it asks for in turn."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(each) for each in (*EXTRAS["dependencies"], f"modelyard[{extra}]")]
    while waiting:
        asked = waiting.pop()
        key = (canonicalize_name(asked.name), frozenset(asked.extras))
        if key not in found:
            found.add(key)
            waiting += _asked_by(asked)
    return frozenset(name for name, _ in found)


def _asked_by(asked: Requirement) -> list[Requirement]:
    if asked.name == "modelyard":
        own = EXTRAS["optional-dependencies"]
        return [Requirement(each) for extra in asked.extras for each in own[extra]]
    try:
        texts = metadata.requires(asked.name) or []
    except metadata.PackageNotFoundError:
        # For another machine than this one.
        return []
    wanted = ["", *asked.extras]
    return [each for each in map(Requirement, texts) if _is_meant(each, wanted)]


def _is_meant(requirement: Requirement, extras: list[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)
