"""`modelyard projects …`"""

from typing import Annotated
from uuid import UUID

import typer

from libs.client.client import Modelyard
from libs.client.commands.showing import AsJson, IsSure, confirm, say, show

commands = typer.Typer(no_args_is_help=True, help="Create, list and delete projects.")


@commands.command("list")
def list_projects(as_json: AsJson = False) -> None:
    with Modelyard() as yard:
        columns = {
            "id": lambda it: it.id,
            "name": lambda it: it.name,
            "task": lambda it: it.task,
            "datasets": lambda it: it.num_datasets,
        }
        show(yard.projects.list(), columns, as_json)


@commands.command("create")
def create_project(name: str, task: Annotated[str, typer.Option()] = "classification") -> None:
    with Modelyard() as yard:
        say(yard.projects.create(name, task).id)


@commands.command("delete")
def delete_project(project_id: UUID, yes: IsSure = False) -> None:
    """With everything in it: datasets, runs and models."""
    with Modelyard() as yard:
        confirm("project", yard.projects.get(project_id).name, yes)
        yard.projects.delete(project_id)
