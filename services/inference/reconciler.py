"""Makes Triton match the rows, after any restart of either side: what is wished is loaded, what is not goes.

A swap loads the new revision beside the old one, and lets the old one go in a later round: whoever asked
for it gets an answer.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta

import asyncpg

from libs.common.contracts.base import now
from libs.common.contracts.deployments import DeploymentState
from libs.common.db import Database
from libs.common.errors import ModelyardError, Unavailable
from libs.common.log import get_logger
from services.inference.errors import TritonIsAway
from services.inference.loader import TRIAL, Loader
from services.inference.predictor import Predictor
from services.inference.repository import CHANGES, Deployed, Slot
from services.inference.served import shares_of
from services.inference.service import Service
from services.inference.settings import Settings
from services.inference.traffic import Traffic
from services.inference.triton import Triton

LOCK = 0x6D6F64656C04
# How long requests that were sent to the old revision may still be under way.
GRACE_SECONDS = 1.0
NUM_LOADING = 4
OpenService = Callable[[], AbstractAsyncContextManager[Service]]
Loaded = dict[str, set[int]]
Step = Callable[[], Awaitable[None]]
log = get_logger(__name__)


class Reconciler:
    """Every instance of the room runs one: the holder of a lock changes Triton, the others watch."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        loader: Loader,
        triton: Triton,
        predictor: Predictor,
        traffic: Traffic,
        open_service: OpenService,
    ) -> None:
        self._settings = settings
        self._database = database
        self._loader = loader
        self._triton = triton
        self._predictor = predictor
        self._traffic = traffic
        self._open_service = open_service
        self._swapped_at: dict[str, float] = {}
        self._news = asyncio.Event()
        self._loading = asyncio.Semaphore(NUM_LOADING)
        # By Triton's name of the model: one step at a time of each.
        self._steps: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Until cancelled; the loss of PostgreSQL or Triton only delays it."""
        while True:
            try:
                async with self._database.dedicated() as connection:
                    await self._rounds(connection)
            except (Unavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("reconciler_interrupted", reason=str(error) or type(error).__name__)
            finally:
                # Without the lock another instance may be at the same model.
                await self._stop()
            await asyncio.sleep(self._settings.reconcile_seconds)

    async def _rounds(self, connection: asyncpg.Connection) -> None:
        has_lock = False
        await connection.add_listener(CHANGES, lambda *_: self._news.set())
        while True:
            self._news.clear()
            has_lock = has_lock or bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK))
            await connection.execute("SELECT 1")
            try:
                await self._round(has_lock)
            except ModelyardError as error:
                log.warning("reconcile_failed", code=error.code, detail=error.detail)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.reconcile_seconds):
                    await self._news.wait()

    async def _round(self, may_change: bool) -> None:
        """Looks and begins; what takes long goes on while the next rounds look."""
        busy = set(self._steps)
        self._predictor.just_forgotten.clear()
        async with self._open_service() as service:
            wished = await service.outcomes.every()
        self._predictor.forget_all_but({each.name for each in wished})
        try:
            loaded = await self._triton.loaded()
        except TritonIsAway:
            self._tell(wished, {})
            raise
        self._tell(wished, loaded)
        if may_change:
            for triton_model, step in self._next_steps(wished, loaded).items():
                # What ended meanwhile has changed what was seen.
                if triton_model not in busy:
                    self._begin(triton_model, step)

    def _tell(self, wished: list[Deployed], loaded: Loaded) -> None:
        for each in wished:
            shares = shares_of(
                each,
                self._settings.max_batch_size,
                lambda slot: slot.row.serving_revision in loaded.get(slot.triton_model, ()),
            )
            if shares is not None and each.name not in self._predictor.just_forgotten:
                self._predictor.serve(each.name, shares)
            self._traffic.show(
                each.name,
                is_ready=shares is not None,
                is_failed=each.main.row.state == DeploymentState.FAILED,
                canary_percent=shares.percent if shares else 0,
            )

    def _next_steps(self, wished: list[Deployed], loaded: Loaded) -> dict[str, Step]:
        steps: dict[str, Step] = {}
        slots = {slot.triton_model: slot for each in wished for slot in each.slots}
        for triton_model, slot in slots.items():
            if step := self._next_step(slot, loaded.get(triton_model, set())):
                steps[triton_model] = step
        for triton_model in sorted(self._loader.names() - slots.keys()):
            # What was tried out apart is minded by the step of whose name it bears, and left over by a crash.
            step = self._removal(triton_model, triton_model in loaded)
            steps.setdefault(triton_model.removesuffix(TRIAL), step)
        return steps

    def _next_step(self, slot: Slot, loaded: set[int]) -> Step | None:
        row, serving = slot.row, slot.serving
        if row.desired_revision in loaded and row.desired_revision == row.serving_revision:
            if row.state != DeploymentState.READY:
                return lambda: self._note(lambda service: service.outcomes.note_serving(slot))
            swapped = self._swapped_at.get(slot.triton_model, 0.0)
            has_others = loaded != {row.desired_revision}
            is_over = time.monotonic() - swapped > GRACE_SECONDS
            return (lambda: self._let_others_go(slot)) if has_others and is_over else None
        if self._may_try(slot):
            return lambda: self._swap(slot)
        if serving is not None and serving.revision not in loaded:
            return lambda: self._loader.load_again(slot, serving)
        return None

    def _may_try(self, slot: Slot) -> bool:
        row = slot.row
        if row.failed_revision != row.desired_revision or row.failed_at is None:
            return True
        return now() - row.failed_at > timedelta(seconds=self._settings.retry_failed_seconds)

    async def _swap(self, slot: Slot) -> None:
        await self._note(lambda service: service.outcomes.note_loading(slot))
        try:
            await self._loader.load_beside(slot)
        except Unavailable:
            raise
        except ModelyardError as error:
            reason = error.detail
            await self._note(lambda service: service.outcomes.note_failure(slot, reason))
            return
        self._swapped_at[slot.triton_model] = time.monotonic()
        await self._note(lambda service: service.outcomes.note_serving(slot))

    async def _let_others_go(self, slot: Slot) -> None:
        self._swapped_at[slot.triton_model] = time.monotonic()
        await self._loader.let_others_go(slot)

    def _removal(self, triton_model: str, is_loaded: bool) -> Step:
        return lambda: self._loader.remove(triton_model, is_loaded=is_loaded)

    def _begin(self, triton_model: str, step: Step) -> None:
        task = asyncio.create_task(self._alone(triton_model, step), name=f"reconcile {triton_model}")
        self._steps[triton_model] = task
        task.add_done_callback(lambda _: self._steps.pop(triton_model))

    async def _alone(self, triton_model: str, step: Step) -> None:
        """What is slow or wrong with one keeps no other waiting."""
        try:
            async with self._loading:
                await step()
            self._news.set()
        except ModelyardError as error:
            log.warning("deployment_waits", triton_model=triton_model, code=error.code, detail=error.detail)
        except Exception:
            # A bug of ours: the others go on, and this one is tried again.
            log.exception("deployment_step_broke", triton_model=triton_model)

    async def _stop(self) -> None:
        steps = list(self._steps.values())
        for task in steps:
            task.cancel()
        await asyncio.gather(*steps, return_exceptions=True)

    async def _note(self, what: Callable[[Service], Awaitable[None]]) -> None:
        async with self._open_service() as service:
            await what(service)
