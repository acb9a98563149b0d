"""Pages of a million results of an evaluation, and of two compared, by every filter and in every order."""

import asyncio
import itertools
import os
import random
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, get_args
from unittest.mock import patch
from uuid import UUID

from benchmarks.results import Result
from benchmarks.stack import local_stack
from infra.local.control import NEEDED
from infra.local.environment import environment
from libs.common.contracts.annotations import LabelAnnotation
from libs.common.contracts.base import PageQuery
from libs.common.contracts.datasets import DataReference
from libs.common.contracts.evaluations import CreateEvaluation, Evaluable, EvaluateModel
from libs.common.contracts.predictions import ClassPrediction, ScoredLabel
from libs.common.contracts.reports import EvaluationReport
from libs.common.contracts.results import (
    Agreement,
    CompareEvaluations,
    ListSampleResults,
    ResultSort,
    SampleResult,
)
from libs.common.ids import new_id
from libs.common.room import Resources, open_resources
from services.evaluator.app import SCHEMA, SHELF, open_service
from services.evaluator.settings import Settings

NUM_SAMPLES = 1_000_000
NUM_CLASSES = 100
LIMIT = 60
# The slowest pages are asked for so many times more.
NUM_REPEATED, ROUNDS = 60, 4
CLASSES = tuple(f"class_{number:02}" for number in range(NUM_CLASSES))
SORTS: tuple[ResultSort, ...] = get_args(ResultSort)
FILTERS: dict[str, tuple[Any, ...]] = {
    "correct": (None, True, False),
    "subset": (None, "val"),
    "label": (None, "class_99", "no such"),
    "predicted": (None, "class_07"),
    "q": (None, ".jpg", "0", "class_98/9", "zebra"),
}


@dataclass
class Page:
    wanted: ListSampleResults | CompareEvaluations
    milliseconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    def __str__(self) -> str:
        names = {"query", "evaluation_id", "left", "right"}
        depth = "first" if self.wanted.query.cursor is None else "deep"
        return f"{depth} {self.wanted.model_dump_json(exclude=names, exclude_none=True)}"


def measure() -> list[Result]:
    with local_stack(NEEDED) as local, patch.dict(os.environ, environment(local.stack, "evaluator")):
        return asyncio.run(_measure(Settings()))


async def _measure(settings: Settings) -> list[Result]:
    async with open_resources("evaluator", settings, SCHEMA) as resources:
        ids = [new_id() for _ in range(NUM_SAMPLES)]
        started = time.perf_counter()
        left = await _stored(resources, _results(ids, seed=1))
        seconds = time.perf_counter() - started
        # As from another split: in another order, with some that the first has not.
        others = ids[: -NUM_SAMPLES // 10] + [new_id() for _ in range(NUM_SAMPLES // 10)]
        random.Random(0).shuffle(others)
        right = await _stored(resources, _results(others, seed=2))
        return [
            Result("a million results stored", f"{seconds:.0f} s", "once per evaluation", "by COPY"),
            *await _pages_of_one(resources, left),
            *await _pages_of_two(resources, left, right),
        ]


def _results(ids: list[UUID], seed: int) -> Iterator[SampleResult]:
    """Names lie in the order of classes, as in folders; three quarters are right."""
    draw = random.Random(seed)
    for number, sample_id in enumerate(ids):
        truth = CLASSES[number * NUM_CLASSES // len(ids)]
        guess = truth if draw.random() < 0.75 else draw.choice(CLASSES)
        confidence = draw.random()
        ranked = (guess, *draw.sample(CLASSES, 4))
        yield SampleResult(
            sample_id=sample_id,
            name=f"train/{truth}/{number:07}.jpg",
            subset="val" if draw.random() < 0.1 else "test",
            truth=(LabelAnnotation(label=truth),),
            correct=guess == truth,
            score=confidence if guess == truth else 1 - confidence,
            confidence=confidence,
            loss=draw.expovariate(1),
            prediction=ClassPrediction(
                label=guess,
                score=confidence,
                scores=tuple(ScoredLabel(label=each, score=confidence) for each in ranked),
            ),
        )


async def _stored(resources: Resources[Settings], results: Iterator[SampleResult]) -> UUID:
    async with resources.database.transaction() as session:
        service = open_service(resources, session)
        made = await service.evaluations.create(CreateEvaluation(model=_model()))
    async with resources.database.transaction() as session:
        service = open_service(resources, session)
        await service.results.store(made.id, results)
        spec = EvaluateModel(evaluation_id=made.id, model=_model(), subsets=("test",))
        await service.evaluations.complete(spec, EvaluationReport(num_samples=NUM_SAMPLES, metrics={}))
    return made.id


def _model() -> Evaluable:
    data = DataReference(
        project_id=new_id(),
        dataset_id=new_id(),
        dataset_name="many",
        version=1,
        split_id=new_id(),
        manifest="-",
        shards=(),
        classes=CLASSES,
        subset_counts={"test": NUM_SAMPLES},
    )
    return Evaluable(
        run_id=new_id(),
        run_name="many",
        experiment_id=new_id(),
        project_id=data.project_id,
        task="classification",
        package="-",
        data=data,
    )


async def _pages_of_one(resources: Resources[Settings], evaluation_id: UUID) -> list[Result]:
    first = [
        Page(
            ListSampleResults(
                evaluation_id=evaluation_id,
                sort=sort,
                query=PageQuery(limit=LIMIT, cursor=cursor),
                **dict(zip(FILTERS, values, strict=True)),
            )
        )
        for values in itertools.product(*FILTERS.values())
        for sort in SORTS
        for cursor in (None, str(NUM_SAMPLES // 2))
    ]
    SHELF.clear()
    cold = Page(ListSampleResults(evaluation_id=evaluation_id, correct=False, label="class_07", q="zebra"))
    await _ask(resources, cold)
    await _ask_all(resources, first)
    return [
        _result("results, the first look at an evaluation", [cold], "–"),
        _result("results, every filter in every order", first, "< 100 ms"),
    ]


async def _pages_of_two(resources: Resources[Settings], left: UUID, right: UUID) -> list[Result]:
    pages = [
        Page(
            CompareEvaluations(
                left=left,
                right=right,
                agreement=agreement,
                label=label,
                sort=sort,
                query=PageQuery(limit=LIMIT),
            )
        )
        for agreement in (None, *Agreement)
        for label in (None, "class_50")
        for sort in SORTS
    ]
    SHELF.clear()
    cold = Page(pages[0].wanted)
    await _ask(resources, cold)
    await _ask_all(resources, pages)
    return [
        _result("two evaluations compared, the first page with all counts", [cold], "< 1 s"),
        _result("two evaluations compared, every page after it", pages, "< 100 ms"),
    ]


async def _ask_all(resources: Resources[Settings], pages: list[Page]) -> None:
    """The slowest several times: one of thousands waits for something else."""
    for page in pages:
        await _ask(resources, page)
    for page in sorted(pages, key=lambda page: page.median)[-NUM_REPEATED:]:
        for _ in range(ROUNDS):
            await _ask(resources, page)


async def _ask(resources: Resources[Settings], page: Page) -> None:
    """The whole of it, from the request to the answer as it leaves the room."""
    started = time.perf_counter()
    async with resources.database.transaction() as session:
        service = open_service(resources, session)
        if isinstance(page.wanted, ListSampleResults):
            found = await service.results.page(page.wanted)
        else:
            found = await service.comparisons.compare(page.wanted)
    found.model_dump_json()
    page.milliseconds.append((time.perf_counter() - started) * 1000)


def _result(title: str, pages: list[Page], aim: str) -> Result:
    worst = max(pages, key=lambda page: page.median)
    load = os.getloadavg()[0]
    return Result(
        title,
        f"{statistics.median(page.median for page in pages):.0f} ms, worst {worst.median:.0f} ms",
        aim,
        f"{len(pages)} pages of {LIMIT} of {NUM_SAMPLES:,}; worst {worst}; load {load:.1f}",
    )
