"""SQL of imports: staged chunks, reports and their problems."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.imports import ImportProblem
from libs.common.db.database import copy_records
from services.datasets.models import ProblemRow, ReportRow, StagedChunkRow

PROBLEMS = ProblemRow.metadata.tables["datasets.problems"]
PROBLEM_COLUMNS = ("report_id", "number", "path", "row", "code", "message", "outcome", "level")


class ImportRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def staged(self, job_id: UUID) -> dict[int, str]:
        statement = select(StagedChunkRow.number, StagedChunkRow.fingerprint)
        found = await self._session.execute(statement.where(StagedChunkRow.job_id == job_id))
        return dict(found.tuples().all())

    async def stage(self, row: StagedChunkRow) -> None:
        """Instead of what an earlier attempt made of other files."""
        values = {column.key: getattr(row, column.key) for column in StagedChunkRow.__table__.columns}
        statement = insert(StagedChunkRow).values(values)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["job_id", "number"], set_=values)
        )

    async def chunk(self, job_id: UUID, number: int) -> StagedChunkRow:
        statement = select(StagedChunkRow).where(
            StagedChunkRow.job_id == job_id, StagedChunkRow.number == number
        )
        row = (await self._session.scalars(statement)).one()
        # Megabytes each, and there may be thousands.
        self._session.expunge(row)
        return row

    async def unstage(self, job_id: UUID) -> Sequence[UUID]:
        """Ids of the shards that were staged."""
        statement = delete(StagedChunkRow).where(StagedChunkRow.job_id == job_id)
        found = await self._session.scalars(statement.returning(StagedChunkRow.shard_id))
        return [shard_id for shard_id in found.all() if shard_id is not None]

    async def report(self, report_id: UUID) -> ReportRow | None:
        return await self._session.get(ReportRow, report_id)

    async def report_of(self, dataset_id: UUID, report_id: UUID | None) -> ReportRow | None:
        """The newest when nobody says which: ids grow with time. Exports have reports of their own."""
        statement = select(ReportRow).where(ReportRow.dataset_id == dataset_id)
        if report_id is not None:
            statement = statement.where(ReportRow.id == report_id)
        else:
            statement = statement.where(ReportRow.kind.in_(("import", "add")))
        return await self._session.scalar(statement.order_by(ReportRow.id.desc()).limit(1))

    async def page_problems(self, report_id: UUID, after: int | None, limit: int) -> Sequence[ProblemRow]:
        statement = select(ProblemRow).where(ProblemRow.report_id == report_id)
        if after is not None:
            statement = statement.where(ProblemRow.number > after)
        return (await self._session.scalars(statement.order_by(ProblemRow.number).limit(limit))).all()

    async def add_report(self, row: ReportRow, problems: Iterable[ImportProblem]) -> None:
        """Instead of what an earlier attempt of the job reported."""
        await self._session.execute(delete(ReportRow).where(ReportRow.id == row.id))
        self._session.add(row)
        await self._session.flush()
        records = (
            (row.id, number, each.path, each.row, each.code, each.message, each.outcome, each.level)
            for number, each in enumerate(problems)
        )
        await copy_records(self._session, PROBLEMS, PROBLEM_COLUMNS, records)
