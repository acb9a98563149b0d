"""Rows as callers see them."""

from libs.common.contracts.deployments import Canary, Deployment, DeploymentState, Revision
from services.inference.models import RevisionRow
from services.inference.repository import Deployed, Slot, Wish


def view(found: Deployed) -> Deployment:
    row, desired, serving = found.main.row, found.main.desired, found.main.serving
    return Deployment(
        name=found.name,
        project_id=found.row.project_id,
        task=desired.version.task,
        model=desired.version.model,
        desired_version=desired.version.version,
        serving_model=serving.version.model if serving else None,
        serving_version=serving.version.version if serving else None,
        state=DeploymentState(row.state),
        reason=row.reason,
        settings=desired.settings,
        canary=_canary(found.canary) if found.canary else None,
        classes=(serving or desired).version.card.classes,
        created_at=found.row.created_at,
        updated_at=max(slot.row.updated_at for slot in found.slots),
    )


def _canary(slot: Slot) -> Canary:
    return Canary(
        model=slot.desired.version.model,
        version=slot.desired.version.version,
        percent=slot.row.percent or 0,
        state=DeploymentState(slot.row.state),
        reason=slot.row.reason,
    )


def revision_view(row: RevisionRow) -> Revision:
    wish = Wish.of(row)
    return Revision(
        revision=row.revision,
        model=wish.version.model,
        version=wish.version.version,
        is_rollback=row.is_rollback,
        is_canary=row.is_canary,
        settings=wish.settings,
        created_at=row.created_at,
        served_at=row.served_at,
    )
