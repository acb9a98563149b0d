"""SQL of what pages of samples are read from beside the rows themselves: their labels, their names."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# An import of a million samples takes longer here than a request may.
WITHOUT_HURRY = text("SET LOCAL statement_timeout = 0")
END_LABELS = text("""
    UPDATE datasets.sample_labels l SET until = s.until FROM datasets.samples s
    WHERE s.dataset_id = :dataset_id AND s.until = :version AND l.id = s.id AND l.since = s.since
""")
BEGIN_LABELS = text("""
    INSERT INTO datasets.sample_labels (id, since, label, dataset_id, subset, name, size_bytes)
    SELECT id, since, md5(label)::uuid, dataset_id, subset, name, size_bytes
    FROM datasets.samples, unnest(labels) label
    WHERE dataset_id = :dataset_id AND since = :version
""")
# As many as fit beside each other in a row of 1.5 kB: longer ones would be stored in pieces.
ADD_NAMES = text(r"""
    INSERT INTO datasets.name_blocks (dataset_id, first_id, last_id, low, high, folder, names, ids)
    SELECT :dataset_id, min(id::text)::uuid, max(id::text)::uuid, min(name), max(name),
        convert_to(folder, 'UTF8'), string_agg(file, '\x00' ORDER BY name, id),
        string_agg(uuid_send(id), '' ORDER BY name, id)
    FROM (
        SELECT id, name, folder, file,
            sum(octet_length(file) + 1) OVER (PARTITION BY folder ORDER BY name, id) / 1500 AS block
        FROM (
            SELECT id, name, folder, convert_to(substr(name, length(folder) + 1), 'UTF8') AS file
            FROM datasets.samples s, coalesce(substring(name FROM '^.*/'), '') folder
            WHERE dataset_id = :dataset_id AND since = :version AND NOT EXISTS (
                SELECT FROM datasets.samples earlier WHERE earlier.id = s.id AND earlier.since < s.since
            )
        ) parted
    ) placed
    GROUP BY folder, block
""")


async def write_lists(session: AsyncSession, dataset_id: UUID, version: int) -> None:
    """After the rows of a new version were written, once; nothing before it may be missing."""
    await session.execute(WITHOUT_HURRY)
    for statement in (END_LABELS, BEGIN_LABELS, ADD_NAMES):
        await session.execute(statement, {"dataset_id": dataset_id, "version": version})
