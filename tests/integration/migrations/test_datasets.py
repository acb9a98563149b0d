"""Migrations: what an older release stored is there afterwards, in today's form."""

from alembic import command
from sqlalchemy import Connection, select, text
from sqlalchemy.schema import CreateSchema

from libs.common.contracts.imports import Tally
from libs.common.db import Database
from libs.common.db.schema import alembic_config
from libs.common.ids import new_id
from services.datasets.app import SCHEMA
from services.datasets.figures import Figures
from services.datasets.models import DatasetRow, ProblemRow, ReportRow, SampleRow, VersionRow

FIRST = """
    INSERT INTO datasets.projects (id, name, task, description, created_at, updated_at)
        VALUES (:project, 'p', 'classification', '', now(), now());
    INSERT INTO datasets.datasets (id, project_id, name, status, source, format, version, num_samples, size_bytes,
        classes, job_id, created_at, updated_at)
        VALUES (:dataset, :project, 'd', 'ready', '{"type"\\: "upload"}', 'class_folders', 1, 2, 30, '{a,b}', :job,
        now(), now());
    INSERT INTO datasets.versions (dataset_id, version, message, num_samples, size_bytes, class_counts, min_width,
        max_width, min_height, max_height, created_at)
        VALUES (:dataset, 1, 'Import of 2 samples', 2, 30, '{"a"\\: 1, "b"\\: 1}', 8, 9, 8, 8, now());
    INSERT INTO datasets.shards (id, dataset_id, size_bytes) VALUES (:shard, :dataset, 30);
    INSERT INTO datasets.samples (id, dataset_id, since, name, sha256, size_bytes, width, height, media_type, shard_id,
        "offset", thumbnail_offset, thumbnail_size_bytes, labels, annotations, created_at)
        VALUES (:one, :dataset, 1, 'a/1', 'x', 10, 8, 8, 'image/png', :shard, 0, 0, 0, '{a}', '[]', now()),
            (:two, :dataset, 1, 'b/1', 'y', 20, 9, 8, 'image/jpeg', :shard, 0, 0, 0, '{b}', '[]', now());
    INSERT INTO datasets.reports VALUES (:dataset, 'class_folders', 3, 2, 1, 0, 0);
    INSERT INTO datasets.problems VALUES (:dataset, 0, 'a/2', NULL, 'image_unreadable', 'broken', 'rejected');
"""


async def test_a_dataset_of_the_first_release_keeps_its_figures_and_its_report(database: Database) -> None:
    ids = {name: new_id() for name in ("project", "dataset", "job", "shard", "one", "two")}
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema("datasets"))
        await connection.run_sync(_upgrade, "0001")
        for statement in filter(str.strip, FIRST.split(";\n")):
            used = {name: value for name, value in ids.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)

    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade, "head")

    async with database.transaction() as session:
        dataset = await session.scalar(select(DatasetRow))
        version = await session.scalar(select(VersionRow))
        report = await session.scalar(select(ReportRow))
        problem = await session.scalar(select(ProblemRow))
        samples = (await session.scalars(select(SampleRow).order_by(SampleRow.name))).all()
    assert dataset and version and report and problem
    assert (dataset.modality, dataset.is_adding) == ("image", False)
    stats = Figures.of_json(version.figures).stats(dataset.id, 1)
    assert (stats.num_samples, stats.size_bytes, stats.num_annotations) == (2, 30, 2)
    assert [(each.name, each.count) for each in stats.classes] == [("a", 1), ("b", 1)]
    assert [each.name for each in stats.media_types] == ["image/jpeg", "image/png"]
    assert (stats.min_width, stats.max_width, stats.max_height) == (8, 9, 8)
    assert (report.id, report.kind) == (ids["job"], "import")
    assert Tally.model_validate(report.samples) == Tally(num_found=3, num_imported=2, num_rejected=1)
    assert report.classes == {"a": 1, "b": 1}
    assert (problem.report_id, problem.view().level, problem.code) == (
        report.id,
        "sample",
        "image_unreadable",
    )
    assert [sample.view().labels for sample in samples] == [("a",), ("b",)]


def _upgrade(connection: Connection, revision: str) -> None:
    command.upgrade(alembic_config(connection, SCHEMA), revision)
