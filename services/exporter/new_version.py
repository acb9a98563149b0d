"""What becomes a version of a model, wherever it comes from."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from libs.common.contracts.exports import ModelFile, Precision
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.reports import ParityReport
from services.exporter.models import ExportRow, ModelRow, VersionRow


@dataclass(frozen=True)
class NewVersion:
    """`run_id`, `export_id` and `parity` are None of a file from elsewhere."""

    project_id: UUID
    task: str
    file: ModelFile
    card: ModelCard
    precision: Precision = Precision.FP32
    origin: Literal["export", "upload"] = "export"
    run_id: UUID | None = None
    export_id: UUID | None = None
    parity: ParityReport | None = None
    note: str = ""

    @classmethod
    def of(cls, row: ExportRow, note: str = "") -> "NewVersion":
        export = row.view()
        assert export.file is not None
        return cls(
            project_id=export.project_id,
            task=export.task,
            file=export.file,
            card=ModelCard.model_validate(row.card),
            precision=export.precision,
            run_id=export.run_id,
            export_id=export.id,
            parity=export.parity,
            note=note,
        )

    def row(self, model: ModelRow) -> VersionRow:
        """Under the number that the model gave out last."""
        return VersionRow(
            model=model.name,
            version=model.last_number,
            origin=self.origin,
            run_id=self.run_id,
            export_id=self.export_id,
            project_id=self.project_id,
            task=self.task,
            precision=self.precision.value,
            file=self.file.model_dump(mode="json"),
            card=self.card.model_dump(mode="json"),
            parity=self.parity.model_dump(mode="json") if self.parity else None,
            note=self.note,
        )
