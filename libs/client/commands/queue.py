"""`modelyard queue …`"""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, say, show
from libs.common.contracts.jobs import JobState, Pool
from libs.common.contracts.queue import QueueEntry, QueueSettings
from libs.common.errors import BadInput

commands = typer.Typer(no_args_is_help=True, help="What runs, what waits, and how much at once.")
Count = Annotated[str | None, typer.Argument(metavar="[1-8|none]", help="Left out: only show the limits.")]
PoolCount = Annotated[str | None, typer.Option(metavar="1-8|none")]
Moment = Annotated[datetime | None, typer.Option(help="In UTC.")]


@commands.command("list")
def list_queue(as_json: AsJson = False) -> None:
    """What runs, then what waits, in the order in which it will start."""
    with Modelyard() as yard:
        columns = {
            "": lambda it: it.position or "▶",
            "id": lambda it: it.id,
            "title": lambda it: it.title,
            "progress": lambda it: f"{it.progress:.0%}" if it.position is None else "",
            "on": lambda it: it.device or it.node,
            "waits for": lambda it: it.waits_for or it.message,
            "starts": lambda it: _time(it.starts_at),
        }
        show(yard.queue.list(), columns, as_json)


@commands.command("add")
def add_run(
    experiment_id: UUID,
    then: Annotated[list[str] | None, typer.Option(help="evaluate, export, deploy")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, gpu, cuda:0 …")] = "auto",
    priority: Annotated[int, typer.Option(min=-100, max=100)] = 0,
) -> None:
    """A run of an experiment; its id."""
    with Modelyard() as yard:
        say(yard.queue.add(experiment_id, then=tuple(then or ()), device=device, priority=priority).id)


@commands.command("move")
def move_job(
    job_id: UUID,
    before: Annotated[UUID | None, typer.Option()] = None,
    after: Annotated[UUID | None, typer.Option()] = None,
) -> None:
    """A waiting job right before or after another one."""
    if (before is None) == (after is None):
        raise BadInput("name one neighbour: --before or --after")
    with Modelyard() as yard:
        moved = yard.queue.move(job_id, before=before, after=after)
        say(f"{moved.title} is number {_position(yard.queue.list(), moved.id)}")


@commands.command("remove")
def remove_job(job_id: UUID) -> None:
    """What waits is cancelled at once, what runs is asked to end."""
    with Modelyard() as yard:
        job = yard.queue.remove(job_id)
        say("asked to end" if job.state is JobState.RUNNING else job.state)


@commands.command("limit")
def limit_runs(count: Count = None, cpu: PoolCount = None, gpu: PoolCount = None) -> None:
    """How many training runs go on at once, in all and on each kind of device."""
    with Modelyard() as yard:
        settings = yard.queue.settings()
        if cpu or gpu:
            limits = _merged(settings.max_running_by_pool, {Pool.CPU: cpu, Pool.GPU: gpu})
            settings = yard.queue.limit_pools(limits)
        if count is not None:
            settings = yard.queue.limit(_number(count))
        say(_told(settings))


@commands.command("pause")
def pause_queue() -> None:
    """No run starts any more; what runs goes on."""
    with Modelyard() as yard:
        say(_told(yard.queue.pause()))


@commands.command("resume")
def resume_queue() -> None:
    with Modelyard() as yard:
        say(_told(yard.queue.resume()))


@commands.command("history")
def list_history(
    project: Annotated[UUID | None, typer.Option()] = None,
    state: Annotated[str | None, typer.Option(help="completed, failed, cancelled")] = None,
    kind: Annotated[str | None, typer.Option(help="run.train, run.evaluate, dataset.import …")] = None,
    since: Moment = None,
    until: Moment = None,
    most: Annotated[int, typer.Option(min=1, help="How many, from the last.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What has ended, the last first."""
    with Modelyard() as yard:
        found = yard.queue.history(
            project=project, state=state, kind=kind, since=_in_utc(since), until=_in_utc(until)
        )
        columns = {
            "id": lambda it: it.id,
            "title": lambda it: it.title,
            "state": lambda it: it.state,
            "ended": lambda it: _time(it.finished_at),
            "on": lambda it: it.device or it.node,
            "why": lambda it: it.error_detail,
        }
        show(islice(found, most), columns, as_json)


def _merged(known: Mapping[Pool, int], said: Mapping[Pool, str | None]) -> dict[str, int]:
    limits = {pool: known.get(pool) if text is None else _number(text) for pool, text in said.items()}
    return {pool.value: limit for pool, limit in limits.items() if limit is not None}


def _number(text: str) -> int | None:
    if text == "none":
        return None
    try:
        return int(text)
    except ValueError:
        raise BadInput(f"a limit is a number from 1 to 8, or none; not {text!r}") from None


def _told(settings: QueueSettings) -> str:
    limits = {"at once": settings.max_running, **settings.max_running_by_pool}
    words = [f"{name} {'one per device' if limit is None else limit}" for name, limit in limits.items()]
    return " · ".join(["paused" if settings.is_paused else "starts runs", *words])


def _position(entries: tuple[QueueEntry, ...], job_id: UUID) -> int | None:
    return next((entry.position for entry in entries if entry.id == job_id), None)


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=moment.tzinfo or UTC)
