"""The `modelyard` command: the local stack, and the SDK from a shell."""

import subprocess
import sys

import typer

from libs.client.commands import (
    datasets,
    deployments,
    evaluations,
    experiments,
    exports,
    imports,
    models,
    predictions,
    projects,
    queue,
    runs,
    samples,
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


app.command("system")(system.show_system)


@app.command()
def demo() -> None:
    """From handwritten digits to a served, proven model, on this machine."""
    from libs.client.demo import run_demo  # scikit-learn is loaded only for the demo

    local("up")
    run_demo(console)


app.command("predict")(predictions.predict)


if __name__ == "__main__":
    main()
