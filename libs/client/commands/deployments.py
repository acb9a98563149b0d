"""`modelyard deployments …`"""

from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, IsSure, confirm, document, say, show, table
from libs.common.contracts.deployments import Deployment, DeploymentState, ServingSettings
from libs.common.errors import BadInput, Conflict

commands = typer.Typer(no_args_is_help=True, help="What is served: versions, trials, settings, traffic.")
Model = Annotated[str | None, typer.Option(help="Left out: the model it serves.")]
Version = Annotated[int | None, typer.Option(min=1, help="Left out: the latest.")]
Alias = Annotated[str | None, typer.Option(help="champion, challenger …")]
Instances = Annotated[int | None, typer.Option(min=1, max=8, help="Copies of the model that answer at once.")]
Batch = Annotated[int | None, typer.Option(min=1, max=1024, help="Images that go to Triton at once.")]
Delay = Annotated[int | None, typer.Option(min=0, help="Microseconds a request may wait for a batch.")]
Threshold = Annotated[float | None, typer.Option(min=0, max=1, help="In the place of the model's own.")]
Usual = Annotated[list[str] | None, typer.Option(help="Back to the default: threshold, max-batch-size …")]
IsPatient = Annotated[bool, typer.Option("--wait/--no-wait", help="Until it answers, or does not load.")]
LATENCIES = ("p50_ms", "p95_ms", "p99_ms")


@commands.command("create")
def create(
    name: str, model: str, version: Version = None, alias: Alias = None, wait: IsPatient = True
) -> None:
    """Serve a version of a model under a name."""
    with Modelyard() as yard:
        _tell(yard, yard.deployments.create(name, model, version=version, alias=alias), wait)


@commands.command("list")
def list_deployments(
    project: Annotated[UUID | None, typer.Option()] = None,
    model: Annotated[str | None, typer.Option(help="Those with a version of this model.")] = None,
    as_json: AsJson = False,
) -> None:
    with Modelyard() as yard:
        columns = {
            "name": lambda it: it.name,
            "state": lambda it: it.state,
            "serves": lambda it: f"v{it.serving_version}" if it.serving_version else "",
            "of": lambda it: f"{it.model} v{it.desired_version}",
            "on trial": _trial,
            "reason": lambda it: it.reason,
        }
        show(yard.deployments.list(project, model), columns, as_json)


@commands.command("show")
def show_deployment(name: str) -> None:
    """Everything about one, as JSON."""
    with Modelyard() as yard:
        document(yard.deployments.get(name))


@commands.command("swap")
def swap(
    name: str, model: Model = None, version: Version = None, alias: Alias = None, wait: IsPatient = True
) -> None:
    """Another version; the present one answers until it is ready."""
    with Modelyard() as yard:
        model = model or yard.deployments.get(name).model
        _tell(yard, yard.deployments.create(name, model, version=version, alias=alias), wait)


@commands.command("canary")
def try_version(
    name: str,
    percent: Annotated[int, typer.Argument(min=0, max=99, help="Of the requests; 0 ends the trial.")],
    model: Model = None,
    version: Annotated[int | None, typer.Option(min=1, help="Left out: the one that is on trial.")] = None,
    alias: Alias = None,
) -> None:
    """Try a version on a share of the requests, or change the share of the one on trial."""
    with Modelyard() as yard:
        changed = yard.deployments.set_canary(name, percent, model=model, version=version, alias=alias)
        say(_trial(changed) or f"{name}: no version is on trial")


@commands.command("promote")
def promote(name: str, wait: IsPatient = True) -> None:
    """The version on trial answers all requests from now on."""
    with Modelyard() as yard:
        _tell(yard, yard.deployments.set_canary(name, 100), wait)


@commands.command("settings")
def change_settings(
    name: str,
    num_instances: Instances = None,
    max_batch_size: Batch = None,
    queue_delay: Delay = None,
    threshold: Threshold = None,
    default: Usual = None,
    wait: IsPatient = True,
) -> None:
    """How the model is run; without an option, how it is run now."""
    said: dict[str, float | None] = {
        "num_instances": num_instances,
        "max_batch_size": max_batch_size,
        "queue_delay_microseconds": queue_delay,
        "threshold": threshold,
    }
    wanted = {field: value for field, value in said.items() if value is not None} | usual_settings(
        default or []
    )
    with Modelyard() as yard:
        if wanted:
            changed = yard.deployments.change_settings(name, ServingSettings.model_validate(wanted))
            _tell(yard, changed, wait)
        settings = yard.deployments.get(name).settings
        table(((field, "default" if value is None else value) for field, value in settings), "setting", "")


@commands.command("rollback")
def roll_back(name: str, wait: IsPatient = True) -> None:
    """Back to what served before."""
    with Modelyard() as yard:
        _tell(yard, yard.deployments.roll_back(name), wait)


@commands.command("revisions")
def list_revisions(name: str, as_json: AsJson = False) -> None:
    """What was to be served from when on, newest first."""
    with Modelyard() as yard:
        columns = {
            "revision": lambda it: it.revision,
            "version": lambda it: f"{it.model} v{it.version}",
            "": lambda it: "rollback" if it.is_rollback else "trial" if it.is_canary else "",
            "wished": lambda it: f"{it.created_at:%Y-%m-%d %H:%M:%S}",
            "served": lambda it: f"{it.served_at:%Y-%m-%d %H:%M:%S}" if it.served_at else "never",
        }
        show(yard.deployments.revisions(name), columns, as_json)


@commands.command("traffic")
def show_traffic(
    name: str, minutes: Annotated[int, typer.Option(min=1, max=1440)] = 60, as_json: AsJson = False
) -> None:
    """Requests, errors and latencies of each version."""
    with Modelyard() as yard:
        traffic = yard.deployments.traffic(name, minutes=minutes)
    if as_json:
        document(traffic)
        return
    rows = (
        (f"{it.model} v{it.version}", it.num_requests, it.num_images, it.num_errors, *_latencies(it))
        for it in traffic.versions
    )
    table(rows, "version", "requests", "images", "errors", "p50 ms", "p95 ms", "p99 ms")
    if traffic.errors:
        say("errors: " + ", ".join(f"{code} {number}" for code, number in traffic.errors.items()))


@commands.command("delete")
def delete(name: str, yes: IsSure = False) -> None:
    """It answers no more; the model stays in the registry."""
    with Modelyard() as yard:
        confirm("deployment", yard.deployments.get(name).name, yes)
        yard.deployments.delete(name)


def _tell(yard: Modelyard, wished: Deployment, wait: bool) -> None:
    """Raises what keeps the wished version from being served."""
    if not wait:
        say(f"{wished.name}: {wished.model} v{wished.desired_version} is {wished.state}")
        return
    reached = yard.deployments.wait(wished.name, model=wished.model, version=wished.desired_version)
    if reached.state is DeploymentState.FAILED:
        raise Conflict(f"{reached.model} v{reached.desired_version} does not load: {reached.reason}")
    say(f"{reached.name} serves {reached.model} v{reached.serving_version}")


def _trial(it: Deployment) -> str:
    canary = it.canary
    if canary is None:
        return ""
    words = f"{canary.model} v{canary.version}: {canary.percent} %, {canary.state}"
    return f"{words}: {canary.reason}" if canary.reason else words


def usual_settings(names: list[str]) -> dict[str, float | None]:
    usual = {field.replace("_", "-"): field for field in ServingSettings.model_fields}
    usual["queue-delay"] = usual.pop("queue-delay-microseconds")
    if unknown := [name for name in names if name not in usual]:
        raise BadInput(f"there is no setting {unknown[0]!r}, only {', '.join(usual)}")
    return {usual[name]: ServingSettings.model_fields[usual[name]].default for name in names}


def _latencies(it: object) -> list[str]:
    values = [getattr(it, name) for name in LATENCIES]
    return ["" if value is None else f"{value:.1f}" for value in values]
