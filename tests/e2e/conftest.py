"""One whole stack, one SDK connection and one run through every room, for all end-to-end tests."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import session
from playwright.sync_api import Browser, Page, expect, sync_playwright
from streamlit.testing.v1 import AppTest

from infra.local.home import PROCESSES
from infra.local.servers import SERVERS
from libs.client import Connection, Modelyard
from libs.client.digits import HeldOut, write_digits
from libs.common.contracts.access import Role
from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.base import Step
from libs.common.contracts.datasets import Dataset
from libs.common.contracts.experiments import Experiment
from libs.common.contracts.projects import Project
from libs.common.contracts.runs import Run
from libs.common.contracts.sources import SampleSource
from libs.common.ids import new_id
from tests.console import opened_page
from tests.e2e.colours import import_colours
from tests.e2e.people import COOKIE
from tests.e2e.photos import drawn, import_photos
from tests.e2e.small import Small, train_small
from tests.stack import TestStack, running_stack

CONSOLE = Path(__file__).parents[2] / "frontend-streamlit"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# What is waited for comes; how soon is the machine's affair.
expect.set_options(timeout=20_000)


@dataclass(frozen=True)
class Trained:
    """A run on the digits that is evaluated, exported and deployed as `main-path`."""

    run: Run
    held_out: list[HeldOut]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """A failure on the stack comes with the last lines of every room's log."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(running, TestStack):
        for name in (*SERVERS, *PROCESSES):
            if lines := running.log(name, 15):
                report.sections.append((f"log of {name}", lines))
    return report


@pytest.fixture(scope="package")
def stack() -> Iterator[TestStack]:
    """Down after the last of these tests: the others have their processors to themselves."""
    with running_stack((*SERVERS, *PROCESSES), packages=("brightness",)) as running:
        yield running


@pytest.fixture(scope="package")
def yard(stack) -> Iterator[Modelyard]:
    with Modelyard(Connection(stack.gateway_url, stack.token)) as connected:
        yield connected


@pytest.fixture(scope="package")
def trained(yard: Modelyard, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    archive = tmp_path_factory.mktemp("digits") / "digits.zip"
    held_out = write_digits(archive)
    project = yard.projects.create("Main path", "classification")
    upload = yard.uploads.send(archive)
    dataset = yard.datasets.wait(yard.datasets.create(project.id, "digits", upload.id).id)
    split = yard.splits.create(dataset.id)
    experiment = yard.experiments.create(project.id, "main-path", split.id, preset="fast")
    run = yard.runs.start(experiment.id, then=tuple(Step), deployment="main-path")
    return Trained(yard.runs.wait(run.id, timeout_seconds=300), held_out)


@pytest.fixture(scope="module")
def ships(yard: Modelyard) -> Experiment:
    """What can be put in the queue."""
    project = yard.projects.create(f"Queue {new_id()}", "classification")
    shapes = yard.datasets.create(project.id, "shapes", SampleSource(name="shapes"))
    split = yard.splits.create(yard.datasets.wait(shapes.id).id)
    return yard.experiments.create(project.id, "ships", split.id, preset="fast", config={"epochs": 1})


@pytest.fixture
def paused(yard: Modelyard) -> Iterator[None]:
    """What is added waits, and nothing is trained."""
    yard.queue.pause()
    yield
    for entry in yard.queue.list():
        yard.queue.remove(entry.id)
    yard.queue.limit(None)
    yard.queue.limit_pools({})
    yard.queue.resume()


@pytest.fixture
def queued(yard: Modelyard, ships: Experiment, paused: None) -> list[Run]:
    return [yard.queue.add(ships.id) for _ in range(4)]


@pytest.fixture(scope="package")
def shapes(yard: Modelyard) -> Dataset:
    """Three versions: imported, one sample with another class, one sample fewer."""
    project = yard.projects.create(f"Data {new_id()}", "classification", "What *stars* and `ticks` say")
    made = yard.datasets.create(project.id, "shapes", SampleSource(name="shapes"))
    first, second = yard.samples.page(yard.datasets.wait(made.id).id, limit=2).items
    yard.samples.annotate(first.id, [LabelAnnotation(label="star")])
    yard.datasets.edit(made.id, remove=[second.id], message="a bad one")
    return yard.datasets.get(made.id)


@pytest.fixture(scope="package")
def photos(yard: Modelyard, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Its first sample has an annotation of every kind that is drawn."""
    made = import_photos(yard, tmp_path_factory.mktemp("photos"))
    first = yard.samples.page(made.id, limit=1).items[0]
    yard.samples.annotate(first.id, drawn(first.width, first.height), version=made.version)
    return yard.datasets.get(made.id)


@pytest.fixture
def emptied(yard: Modelyard) -> Project:
    return yard.projects.create(f"Empty {new_id()}", "classification")


@pytest.fixture(scope="package")
def small(yard: Modelyard, tmp_path_factory: pytest.TempPathFactory) -> Small:
    return train_small(yard, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="package")
def colours(yard: Modelyard, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of two versions, by name."""
    return import_colours(yard, tmp_path_factory.mktemp("colours"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, stack: TestStack, request: pytest.FixtureRequest) -> Iterator[Page]:
    """In light unless `in_both_themes`; its picture is called like the test."""
    with opened_page(browser, request.node.name, getattr(request, "param", "light")) as opened:
        yield opened


@pytest.fixture
def onlooker(page: Page, stack: TestStack, yard: Modelyard) -> Page:
    """The same page, as someone who may only look."""
    made = yard.tokens.create(f"looks on {new_id()}", Role.VIEWER)
    page.context.add_cookies([{"name": COOKIE, "value": made.secret, "url": stack.console_url}])
    return page


@pytest.fixture
def scripts_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Modelyard], Callable[..., AppTest]]:
    """Runs pages' own scripts as whoever is connected, without a browser."""
    monkeypatch.chdir(CONSOLE)
    # Signed in by cookie everywhere but here. `session.yard` itself stays: modules imported before hold it.
    monkeypatch.setattr(session, "token", lambda: "of whoever is connected")

    def of(yard: Modelyard) -> Callable[..., AppTest]:
        def run(name: str, /, **address: object) -> AppTest:
            monkeypatch.setattr(session, "Modelyard", lambda _: yard)
            test = AppTest.from_file(str(CONSOLE / "app.py"), default_timeout=30).run()
            test.query_params.update({part: str(value) for part, value in address.items()})
            return test.switch_page(f"app_pages/{name}.py").run()

        return run

    return of


@pytest.fixture
def scripts(scripts_of: Callable[[Modelyard], Callable[..., AppTest]], yard: Modelyard):
    """`scripts("browse", dataset=…)` runs that page under that address, as the administrator."""
    return scripts_of(yard)


@pytest.fixture
def modelyard(stack):
    """Runs `modelyard …` and gives its output; the exit status must be the expected one."""
    environment = {
        **os.environ,
        "MODELYARD_URL": stack.gateway_url,
        "MODELYARD_TOKEN": stack.token,
        "MODELYARD_HOME": str(stack.stack.home),
        "COLUMNS": "200",
    }

    def run(*arguments: object, status: int = 0, typed: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "libs.client.cli", *map(str, arguments)],
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run
