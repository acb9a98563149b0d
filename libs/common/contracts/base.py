"""What every message is made of: views, requests with typed answers, facts, job specifications, pages."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    SerializationInfo,
    StringConstraints,
)

Answer = TypeVar("Answer")
Item = TypeVar("Item")

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
# How a request is written for the room that it asks; every other rendering hides secrets.
ON_THE_BUS = {"on_the_bus": True}


def _written(secret: SecretStr, info: SerializationInfo) -> str:
    return secret.get_secret_value() if info.context == ON_THE_BUS else str(secret)


Secret = Annotated[SecretStr, PlainSerializer(_written, return_type=str, when_used="json")]


def now() -> datetime:
    return datetime.now(UTC)


class View(BaseModel):
    """A frozen value that crosses a door; unknown fields are refused, so a typo never passes in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Request(View, Generic[Answer]):
    """Ask and wait, milliseconds: `class GetProject(Request[Project], subject="svc.…")`.

    `attached` names a field of type tuple[bytes, ...] that travels behind the JSON as it is.
    """

    subject: ClassVar[str] = ""
    attached: ClassVar[str | None] = None
    answer_type: ClassVar[Any] = None

    def __init_subclass__(
        cls, subject: str | None = None, attached: str | None = None, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if subject is not None:
            cls.subject = subject
            cls.attached = attached

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        for base in cls.__mro__:
            generic = getattr(base, "__pydantic_generic_metadata__", None)
            if generic and generic["origin"] is Request:
                (cls.answer_type,) = generic["args"]
                return


class Fact(View):
    """Something that happened, durable and public: `class RunCompleted(Fact, noun="run", past="completed")`.

    Published on `facts.<noun>.<past>.<aggregate id>`; `schema_version` grows when old readers would fail.
    """

    noun: ClassVar[str] = ""
    past: ClassVar[str] = ""
    schema_version: ClassVar[int] = 1
    about: ClassVar[str] = ""
    registry: ClassVar[dict[str, type["Fact"]]] = {}

    project_id: UUID | None = None

    def __init_subclass__(
        cls, noun: str = "", past: str = "", schema_version: int = 1, about: str = "", **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        cls.noun, cls.past, cls.schema_version, cls.about = noun, past, schema_version, about or f"{noun}_id"
        if noun:
            Fact.registry[cls.type_name()] = cls

    @classmethod
    def type_name(cls) -> str:
        return f"{cls.noun}.{cls.past}"

    @property
    def aggregate_id(self) -> str:
        """What the fact is about (the field `about` names); facts of one thing keep their order."""
        return str(getattr(self, self.about))


class FactEnvelope(View):
    """How a fact travels: who, when, which schema, and its place among the facts of the same aggregate."""

    id: UUID
    type: str
    schema_version: int
    aggregate_id: str
    sequence: Annotated[int, Field(ge=1)]
    occurred_at: AwareDatetime
    project_id: UUID | None = None
    data: dict[str, Any]

    def fact(self) -> Fact:
        """The typed fact; raises KeyError for a type this version does not know."""
        return Fact.registry[self.type].model_validate(self.data)


class JobSpec(View):
    """Work of minutes to days: `class ImportDataset(JobSpec, kind="dataset.import")`.

    `needs_device` asks for a whole device (a GPU, or the one training slot of the CPU).
    """

    kind: ClassVar[str] = ""
    needs_device: ClassVar[bool] = False
    registry: ClassVar[dict[str, type["JobSpec"]]] = {}

    def __init_subclass__(cls, kind: str = "", needs_device: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind, cls.needs_device = kind, needs_device
        if kind:
            JobSpec.registry[kind] = cls


# What a list is limited to: things of these projects; None: of all. The gateway says so, for who calls.
Within = tuple[UUID, ...] | None


class Page(View, Generic[Item]):
    """One keyset page; `next_cursor` is None on the last."""

    items: tuple[Item, ...] = ()
    next_cursor: str | None = None


class PageQuery(View):
    """How a list is asked for; `cursor` is opaque and comes from the page before."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, StringConstraints(max_length=512)] | None = None


class Step(StrEnum):
    """What may follow a run by itself, in this order."""

    EVALUATE = "evaluate"
    EXPORT = "export"
    DEPLOY = "deploy"


def _in_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    order = list(Step)
    if list(steps) != sorted(set(steps), key=order.index):
        raise ValueError(f"steps come once each and in the order {', '.join(order)}")
    return steps


Chain = Annotated[tuple[Step, ...], AfterValidator(_in_order)]


class Gone(View):
    """The answer of a deletion."""

    id: str
