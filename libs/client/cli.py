"""The `modelyard` command: the local stack, and the SDK from a shell."""

import subprocess
import sys
from typing import Annotated

import typer

from libs.client.commands import (
    channels,
    datasets,
    deployments,
    evaluations,
    experiments,
    exports,
    imports,
    models,
    people,
    predictions,
    projects,
    queue,
    runs,
    samples,
    sessions,
    settings,
    signing_in,
    splits,
    system,
    versions,
)
from libs.client.commands.showing import console, errors, plain, tell_error
from libs.common.errors import ModelyardError

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
datasets.commands.add_typer(imports.commands)
datasets.commands.add_typer(versions.commands)
deployments.commands.command("evaluate")(predictions.evaluate)
GROUPS = {
    "projects": projects.commands,
    "datasets": datasets.commands,
    "samples": samples.commands,
    "splits": splits.commands,
    "experiments": experiments.commands,
    "runs": runs.commands,
    "queue": queue.commands,
    "evaluations": evaluations.commands,
    "exports": exports.commands,
    "models": models.commands,
    "deployments": deployments.commands,
    "channels": channels.commands,
    "users": people.users,
    "members": people.members,
    "tokens": people.tokens,
    "sessions": sessions.commands,
}
for name, group in GROUPS.items():
    app.add_typer(group, name=name)


def main() -> None:
    """Known errors are one line with their problems, not a traceback."""
    try:
        app()
    except ModelyardError as error:
        tell_error(error)
        raise SystemExit(1) from error
    except OSError as error:
        errors.print(plain(f"{error.filename or 'this machine'}: {error.strerror}"), soft_wrap=True)
        raise SystemExit(1) from error


def local(verb: str, *arguments: str) -> None:
    """The stack is no part of the SDK: its own command runs beside us."""
    done = subprocess.run([sys.executable, "-m", "infra.local", verb, *arguments], check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


@app.command()
def up() -> None:
    """Start the local stack: servers, the seven rooms, a worker and the console."""
    local("up")


@app.command()
def down() -> None:
    """Stop the local stack; its data stays."""
    local("down")


@app.command()
def status() -> None:
    """What runs, where, and whether it is ready."""
    local("status")


@app.command()
def logs(name: str) -> None:
    """The last lines of one part of the local stack."""
    local("logs", name)


@app.command()
def backup(
    words: Annotated[list[str], typer.Argument(metavar="[verify] FOLDER")],
    keep: Annotated[int, typer.Option(min=1, help="So many snapshots stay in the folder.")] = 7,
    snapshot: Annotated[str, typer.Option(help="For verify: which one; else the newest.")] = "",
) -> None:
    """All of the local stack into FOLDER, also while it runs; or `verify` what lies there."""
    match words:
        case ["verify", folder]:
            local("verify", folder, *_option("snapshot", snapshot))
        case [folder]:
            local("backup", folder, f"--keep={keep}")
        case _:
            raise typer.BadParameter("name one folder, after `verify` if it is to be looked at only")


@app.command()
def restore(
    folder: str,
    snapshot: Annotated[str, typer.Option(help="Which one; else the newest.")] = "",
) -> None:
    """A backup into a home (MODELYARD_HOME) where no stack has run yet."""
    local("restore", folder, *_option("snapshot", snapshot))


@app.command()
def upgrade(
    backup: Annotated[str, typer.Option(metavar="FOLDER", help="Where the backup before it goes.")],
) -> None:
    """After a new version was installed: a backup, then the tables as it wants them."""
    local("upgrade", backup)


def _option(name: str, value: str) -> tuple[str, ...]:
    return (f"--{name}={value}",) if value else ()


app.command("system")(system.show_system)
app.command("audit")(people.show_audit)
app.command("me")(people.show_me)
app.command("password")(people.change_password)
app.command("login")(signing_in.log_in)
app.command("logout")(signing_in.log_out)
app.command("settings")(settings.settings)
app.command("deliveries")(channels.list_deliveries)


@app.command()
def demo() -> None:
    """From handwritten digits to a served, proven model, on this machine."""
    from libs.client.demo import run_demo  # scikit-learn is loaded only for the demo

    local("up")
    run_demo(console)


app.command("predict")(predictions.predict)


if __name__ == "__main__":
    main()
