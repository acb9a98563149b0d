"""Import directions that follow from what is there, beside the contracts in pyproject.toml."""

import ast
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "frontend-streamlit"
HEAVY = ("torch", "torchvision", "torchmetrics", "lightning", "onnxruntime")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "libs", "services", include_external_packages=True, exclude_type_checking_imports=True
    )


def packages_in(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("*/__init__.py"))


# Beside them are parts that tasks share.
TASKS = sorted(path.parent.name for path in (ROOT / "libs/tasks").glob("*/spec.py"))
ROOMS = packages_in(ROOT / "services")


def imported_by(graph: grimp.ImportGraph, package: str) -> set[str]:
    """What the package imports from outside of itself."""
    inside = {package} | graph.find_descendants(package)
    return set().union(*map(graph.find_modules_directly_imported_by, inside)) - inside


@pytest.mark.parametrize("task", TASKS)
def test_no_task_imports_another(graph, task):
    others = tuple(f"libs.tasks.{other}" for other in TASKS if other != task)

    assert [found for found in imported_by(graph, f"libs.tasks.{task}") if found.startswith(others)] == []


@pytest.mark.parametrize("task", TASKS)
def test_the_shared_part_of_tasks_names_no_task(graph, task):
    own = f"libs.tasks.{task}"
    importers = set().union(
        *map(graph.find_modules_that_directly_import, {own} | graph.find_descendants(own))
    )

    assert [found for found in importers if not found.startswith(own)] == []


def test_contracts_are_pydantic_and_nothing_else(graph):
    found = {name.partition(".")[0] for name in imported_by(graph, "libs.common.contracts")}

    assert found - sys.stdlib_module_names == {"pydantic"}


def test_the_console_knows_the_client_and_no_room():
    allowed = (
        "libs.client",
        "libs.common.contracts",
        "libs.common.errors",
        "libs.common.ids",
        "libs.common.log",
    )
    found = {
        (path.relative_to(CONSOLE).as_posix(), name)
        for path in CONSOLE.rglob("*.py")
        for name in absolute_imports(path)
        if name.startswith(("libs.", "services", "infra")) and not name.startswith(allowed)
    }

    assert found == set()


@pytest.mark.parametrize("heavy", HEAVY)
def test_the_console_never_names(heavy):
    found = {path.name for path in CONSOLE.rglob("*.py") if heavy in absolute_imports(path)}

    assert found == set()


def absolute_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(level=0, module=str(module)):
                names |= {f"{module}.{alias.name}" for alias in node.names} | {module}
    return names


@pytest.mark.parametrize("module", [*(f"services.{room}.app" for room in ROOMS), "libs.client.cli"])
def test_a_process_that_only_organises_starts_without_torch(module):
    """Statically it is a contract; this also sees what plug-ins and other packages drag in."""
    program = (
        f"import sys, {module}\n"
        "from libs.tasks import registry\n"
        "from libs.tasks.exporters import catalogue\n"
        "registry.tasks(), catalogue.options()\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)

    assert (ended.stdout.strip(), ended.returncode) == ("[]", 0), ended.stderr


@pytest.mark.parametrize("module", ["services.datasets.app", "services.datasets.reading"])
def test_what_reads_parquet_or_a_hub_is_loaded_by_who_needs_it(module):
    """Together 50 MB in each process, and most sources are neither."""
    names = ("pyarrow", "huggingface_hub")
    program = f"import sys, {module}; print([name for name in {names!r} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)

    assert (ended.stdout.strip(), ended.returncode) == ("[]", 0), ended.stderr
