"""Versions: every change makes one, and none ever changes; what differs between two, and the way back."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from libs.common.contracts.annotations import Annotation
from libs.common.contracts.base import Page, PageQuery
from libs.common.contracts.samples import Sample
from libs.common.contracts.versions import (
    AnnotateSample,
    ClassChange,
    DatasetStats,
    DatasetVersion,
    DatasetVersioned,
    DiffVersions,
    EditSamples,
    RestoreVersion,
    SampleChange,
    VersionDiff,
)
from libs.common.db.outbox import Outbox
from libs.common.errors import Problem
from libs.common.paging import after, page_of, whole_number
from services.datasets.errors import AnnotationsDoNotFit, SampleHasChanged, SampleNotFound
from services.datasets.figures import Figures
from services.datasets.fitting import fit
from services.datasets.formats.plan import Place
from services.datasets.labels import annotations_of, labels_of
from services.datasets.models import DatasetRow, SampleRow, VersionRow
from services.datasets.repository.samples import SampleRepository
from services.datasets.repository.versions import Between, Changed, VersionRepository
from services.datasets.service.datasets import Datasets


class Versions:
    def __init__(
        self,
        repository: VersionRepository,
        samples: SampleRepository,
        datasets: Datasets,
        outbox: Outbox,
    ) -> None:
        self._repository = repository
        self._samples = samples
        self._datasets = datasets
        self._outbox = outbox

    async def list_versions(self, dataset_id: UUID, query: PageQuery) -> Page[DatasetVersion]:
        await self._datasets.existing(dataset_id)
        rows = await self._repository.page(dataset_id, after(query, whole_number), query.limit + 1)
        return page_of(rows, query, VersionRow.view, lambda row: row.version)

    async def stats(self, dataset_id: UUID, version: int | None) -> DatasetStats:
        row = await self._datasets.version(dataset_id, version)
        return Figures.of_json(row.figures).stats(dataset_id, row.version)

    async def diff(self, wanted: DiffVersions) -> VersionDiff:
        version = await self._datasets.version(wanted.dataset_id, wanted.version)
        against = await self._against(version, wanted.against)
        between = Between(wanted.dataset_id, against.version if against else 0, version.version)
        counts = await self._repository.count_changes(between)
        rows = await self._repository.page_changes(
            between, wanted.change, after(wanted.query, UUID), wanted.query.limit + 1
        )
        return VersionDiff(
            dataset_id=wanted.dataset_id,
            version=version.version,
            against=against.version if against else 0,
            num_added=counts.get("added", 0),
            num_removed=counts.get("removed", 0),
            num_changed=counts.get("changed", 0),
            classes=_class_changes(_figures(against), _figures(version)),
            changes=page_of(rows, wanted.query, lambda row: _sample_change(*row), _sample_id),
        )

    async def restore(self, wanted: RestoreVersion) -> DatasetVersion:
        """Of the newest version itself nothing changes."""
        dataset = await self._datasets.existing(wanted.dataset_id, lock=True)
        old = await self._datasets.version(dataset.id, wanted.version)
        if old.version == dataset.version:
            return old.view()
        await self._repository.restore(dataset.id, old.version, dataset.version)
        return (await self.add(dataset, _figures(old), f"Version {old.version} restored", is_all=True)).view()

    async def edit(self, wanted: EditSamples) -> DatasetVersion:
        """All of it or nothing; SampleNotFound names what the newest version does not have."""
        dataset = await self._datasets.existing(wanted.dataset_id, lock=True)
        rows = await self._newest(dataset, {*wanted.remove, *wanted.annotations})
        figures = _figures(await self._datasets.version(dataset.id, None))
        removed = [rows[sample_id] for sample_id in dict.fromkeys(wanted.remove)]
        changed = await self._annotate(dataset, rows, wanted.annotations, figures)
        for row in removed:
            figures.add(row, annotations_of(row.annotations), -1)
        if not removed and not changed:
            return (await self._datasets.version(dataset.id, None)).view()
        await self._repository.end(removed, dataset.version + 1)
        message = wanted.message or _told(len(removed), len(changed))
        return (await self.add(dataset, figures, message, is_all=True)).view()

    async def annotate(self, wanted: AnnotateSample) -> Sample:
        row = await self._samples.get(wanted.sample_id)
        if row is None:
            raise SampleNotFound(f"sample {wanted.sample_id} does not exist")
        if wanted.version is not None and row.since > wanted.version:
            raise SampleHasChanged(f"{row.name} was changed in version {row.since}; look at it again first")
        edit = EditSamples(dataset_id=row.dataset_id, annotations={row.id: wanted.annotations})
        await self.edit(edit)
        newest = await self._samples.get(wanted.sample_id)
        assert newest is not None
        return newest.view()

    async def delete_sample(self, sample_id: UUID) -> None:
        row = await self._samples.get(sample_id)
        if row is None:
            raise SampleNotFound(f"sample {sample_id} does not exist")
        await self.edit(EditSamples(dataset_id=row.dataset_id, remove=(sample_id,)))

    async def add(
        self, dataset: DatasetRow, figures: Figures, message: str, *, is_all: bool = False
    ) -> VersionRow:
        """The next version: with these figures, or with these beside those of the version before.

        The dataset is locked, and its sample rows are written already.
        """
        before = await self._repository.get(dataset.id, dataset.version)
        known = _figures(before)
        total = figures if is_all else known.joined(figures)
        number = dataset.version + 1
        await self._repository.write_lists(dataset.id, number)
        counts = await self._repository.count_changes(Between(dataset.id, dataset.version, number))
        row = VersionRow(
            dataset_id=dataset.id,
            version=number,
            message=message,
            num_samples=total.num_samples,
            size_bytes=total.size_bytes,
            num_added=counts.get("added", 0),
            num_removed=counts.get("removed", 0),
            num_changed=counts.get("changed", 0),
            figures=total.as_json(),
        )
        await self._repository.add(row)
        dataset.version, dataset.num_samples, dataset.size_bytes = number, row.num_samples, row.size_bytes
        dataset.classes = sorted(+total.labels)
        await self._outbox.add(
            DatasetVersioned(
                dataset_id=dataset.id,
                project_id=dataset.project_id,
                name=dataset.name,
                version=number,
                num_samples=row.num_samples,
                message=message,
            )
        )
        return row

    async def _against(self, version: VersionRow, against: int | None) -> VersionRow | None:
        """None before the first."""
        number = version.version - 1 if against is None else against
        return await self._datasets.version(version.dataset_id, number) if number else None

    async def _newest(self, dataset: DatasetRow, sample_ids: set[UUID]) -> dict[UUID, SampleRow]:
        rows = {row.id: row for row in await self._repository.newest_rows(dataset.id, list(sample_ids))}
        if missing := sorted(sample_ids - rows.keys(), key=str):
            raise SampleNotFound(f"version {dataset.version} has no sample {missing[0]}")
        return rows

    async def _annotate(
        self,
        dataset: DatasetRow,
        rows: Mapping[UUID, SampleRow],
        annotations: Mapping[UUID, Sequence[Annotation]],
        figures: Figures,
    ) -> list[SampleRow]:
        """New rows for what is really different."""
        changed = []
        for sample_id, wanted in annotations.items():
            row = rows[sample_id]
            _require_fit(row, wanted)
            before = annotations_of(row.annotations)
            if before == tuple(wanted):
                continue
            figures.add(row, before, -1)
            figures.add(row, wanted)
            stored = [each.model_dump(mode="json") for each in wanted]
            changed.append(
                await self._repository.follow(
                    row, dataset.version + 1, annotations=stored, labels=labels_of(wanted)
                )
            )
        return changed


def _figures(row: VersionRow | None) -> Figures:
    return Figures.of_json(row.figures) if row else Figures()


def _require_fit(row: SampleRow, annotations: Sequence[Annotation]) -> None:
    """A person who draws is told; nothing is clipped behind their back."""
    problems = [
        Problem(field=f"annotations.{number}", message=problem.message)
        for number, annotation in enumerate(annotations)
        for problem in fit([(annotation, Place(row.name))], row.width, row.height).problems
    ]
    if problems:
        raise AnnotationsDoNotFit(f"{row.name}: {problems[0].message}", errors=problems)


def _told(num_removed: int, num_changed: int) -> str:
    said = [f"{num_removed} removed"] if num_removed else []
    return ", ".join([*said, *([f"{num_changed} annotated"] if num_changed else [])])


def _class_changes(before: Figures, after_: Figures) -> tuple[ClassChange, ...]:
    names = sorted(before.labels.keys() | after_.labels.keys())
    changes = (
        ClassChange(name=name, before=before.labels[name], after=after_.labels[name]) for name in names
    )
    return tuple(change for change in changes if change.before != change.after)


def _sample_id(changed: Changed) -> UUID:
    _, before, after_ = changed
    sample = before or after_
    assert sample is not None
    return sample.id


def _sample_change(change: str, before: SampleRow | None, after_: SampleRow | None) -> SampleChange:
    return SampleChange.model_validate(
        {
            "change": change,
            "before": before.view() if before else None,
            "after": after_.view() if after_ else None,
        }
    )
