"""Settings that people change while the house runs, by section."""

from typing import TypeVar

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.contracts.base import View
from services.trainer.models import SettingsRow

Section = TypeVar("Section", bound=View)


class House:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, section: str, defaults: Section) -> Section:
        row = await self._session.get(SettingsRow, section, populate_existing=True)
        changed = row.changed if row else {}
        return type(defaults).model_validate(defaults.model_dump() | changed)

    async def change(self, section: str, settings: View, changed: tuple[str, ...]) -> None:
        """The fields that `changed` names; two who change different fields keep both."""
        values = settings.model_dump(mode="json", include=set(changed))
        statement = insert(SettingsRow).values(section=section, changed=values)
        merged = SettingsRow.changed.concat(statement.excluded.changed)
        await self._session.execute(
            statement.on_conflict_do_update(index_elements=["section"], set_={"changed": merged})
        )
