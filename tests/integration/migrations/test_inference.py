"""Migrations of the inference room: what was served before trials and settings is served afterwards."""

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.schema import CreateSchema

from libs.common.contracts.deployments import DeploymentState, ListDeployments, ServingSettings
from libs.common.contracts.owners import OwnersInInference
from libs.common.db import Database
from libs.common.db.schema import alembic_config
from libs.common.ids import new_id
from services.inference.app import SCHEMA
from services.inference.predictor import Predictor
from services.inference.repository import Repository
from services.inference.service.deployments import Deployments
from services.inference.service.finding import find
from services.inference.service.wishes import Wishes
from services.inference.traffic import Traffic
from services.inference.triton import Triton
from tests.unit.inference.making import version

BEFORE = """
    INSERT INTO inference.deployments (name, project_id, desired_revision, serving_revision, failed_revision, failed_at,
        state, reason, is_deleted, created_at, updated_at)
        VALUES ('kept', :project, 3, 2, 3, now(), 'failed', 'broken', false, now(), now()),
            ('gone', :project, 5, NULL, NULL, NULL, 'ready', '', true, now(), now());
    INSERT INTO inference.revisions (deployment, revision, version, is_rollback, served_at, created_at)
        SELECT 'kept', number, CAST(version AS jsonb), false, CASE WHEN number < 3 THEN now() END, now()
        FROM (VALUES (1, :first), (2, :second), (3, :third)) AS given (number, version);
"""


async def test_a_deployment_of_before_serves_what_it_did_and_goes_back_where_it_could(
    database: Database,
) -> None:
    versions = {
        name: version(number).model_dump_json()
        for number, name in enumerate(("first", "second", "third"), start=1)
    }
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema("inference"))
        await connection.run_sync(_upgrade, "0002")
        for statement in filter(str.strip, BEFORE.split(";\n")):
            values = {"project": new_id(), **versions}
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)

    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade, "head")

    async with database.transaction() as session:
        repository = Repository(session)
        wishes = Wishes(repository)
        predictor = Predictor(Triton("127.0.0.1:1"), Traffic())
        deployments = Deployments(repository, wishes, predictor)
        (kept,) = (await deployments.list_deployments(ListDeployments(model="pets"))).items
        assert (kept.desired_version, kept.serving_version, kept.state) == (3, 2, DeploymentState.FAILED)
        assert (kept.reason, kept.settings, kept.canary) == ("broken", ServingSettings(), None)
        (owner,) = await deployments.owners(OwnersInInference(kind="deployment", keys=("kept",)))
        assert owner == kept.project_id
        back = await deployments.roll_back("kept")
        assert (back.desired_version, back.serving_version) == (2, 2)
        again = await deployments.deploy("gone", version(9))
        assert again.state is DeploymentState.PENDING
        assert (await find(repository, "gone")).main.desired.revision == 6


def _upgrade(connection: Connection, revision: str) -> None:
    command.upgrade(alembic_config(connection, SCHEMA), revision)
