"""How experiments stand: the best of their primary metric, kept up with what their runs measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Of runs that measured just now; a run never gets worse by measuring more.
RAISE = text("""
    WITH measured AS (
        SELECT DISTINCT ON (r.experiment_id) r.experiment_id, r.id, wanted.key,
            CASE WHEN wanted.is_smaller_better THEN s.min_value ELSE s.max_value END AS value,
            CASE WHEN wanted.is_smaller_better THEN -s.min_value ELSE s.max_value END AS rank
        FROM unnest(
            CAST(:run_ids AS uuid[]), CAST(:keys AS text[]), CAST(:are_smaller_better AS boolean[])
        ) AS wanted (run_id, key, is_smaller_better)
        JOIN trainer.runs r ON r.id = wanted.run_id
        JOIN trainer.series s ON s.run_id = r.id AND s.key = wanted.key
        WHERE s.min_value IS NOT NULL
        ORDER BY r.experiment_id, rank DESC, r.id
    )
    UPDATE trainer.standings AS st
    SET best_rank = m.rank, best_value = m.value, best_key = m.key, best_run_id = m.id
    FROM measured m
    WHERE st.experiment_id = m.experiment_id AND (st.best_rank < m.rank OR st.best_run_id IS NULL)
""")

# Of all runs of one experiment, after something was forgotten.
RANK_AGAIN = text("""
    WITH best AS (
        SELECT r.id, CASE WHEN :is_smaller_better THEN s.min_value ELSE s.max_value END AS value,
            CASE WHEN :is_smaller_better THEN -s.min_value ELSE s.max_value END AS rank
        FROM trainer.runs r JOIN trainer.series s ON s.run_id = r.id AND s.key = CAST(:key AS text)
        WHERE r.experiment_id = :experiment_id AND s.min_value IS NOT NULL
        ORDER BY rank DESC, r.id LIMIT 1
    )
    UPDATE trainer.standings SET
        best_rank = coalesce((SELECT rank FROM best), '-Infinity'), best_value = (SELECT value FROM best),
        best_key = (SELECT CAST(:key AS text) FROM best), best_run_id = (SELECT id FROM best)
    WHERE experiment_id = :experiment_id
""")


@dataclass(frozen=True)
class Primary:
    """The series that an experiment is judged by."""

    key: str
    is_smaller_better: bool


class Standings:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def raise_best(self, measured: Sequence[tuple[UUID, Primary]]) -> None:
        """Of these runs' experiments, where one of them is better now."""
        if not measured:
            return
        await self._session.execute(
            RAISE,
            {
                "run_ids": [run_id for run_id, _ in measured],
                "keys": [primary.key for _, primary in measured],
                "are_smaller_better": [primary.is_smaller_better for _, primary in measured],
            },
        )

    async def rank_again(self, experiment_id: UUID, primary: Primary) -> None:
        given = {"key": primary.key, "is_smaller_better": primary.is_smaller_better}
        await self._session.execute(RANK_AGAIN, {"experiment_id": experiment_id, **given})
