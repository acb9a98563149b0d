"""Makes Triton match the rows, after any restart of either side: what is wished is loaded, what is not goes.

A swap loads the new revision beside the old one, and lets the old one go in a later round: whoever asked
for it gets an answer.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from datetime import timedelta

import asyncpg
import numpy as np

from libs.common.contracts.base import now
from libs.common.contracts.deployments import DeploymentState
from libs.common.contracts.models import ModelVersion
from libs.common.db import Database
from libs.common.errors import ModelyardError, Unavailable
from libs.common.log import get_logger
from libs.common.storage import ObjectNotFound, Storage
from libs.tasks import registry
from libs.tasks.codec import ServingSignature
from services.inference.errors import FileIsGone, ModelDoesNotLoad, ModelFails
from services.inference.model_repository import ModelRepository
from services.inference.predictor import Predictor
from services.inference.repository import CHANGES, Deployed
from services.inference.service import Service
from services.inference.settings import Settings
from services.inference.triton import Triton

LOCK = 0x6D6F64656C04
# How long requests that were sent to the old revision may still be under way.
GRACE_SECONDS = 1.0
NUM_LOADING = 4
OpenService = Callable[[], AbstractAsyncContextManager[Service]]
log = get_logger(__name__)


class Reconciler:
    """Every instance of the room runs one: the holder of a lock changes Triton, the others watch."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        triton: Triton,
        predictor: Predictor,
        open_service: OpenService,
    ) -> None:
        self._settings = settings
        self._database = database
        self._storage = storage
        self._triton = triton
        self._predictor = predictor
        self._open_service = open_service
        self._models = ModelRepository(settings)
        self._swapped_at: dict[str, float] = {}
        self._news = asyncio.Event()
        self._loading = asyncio.Semaphore(NUM_LOADING)

    async def run(self) -> None:
        """Until cancelled; the loss of PostgreSQL or Triton only delays it."""
        while True:
            try:
                async with self._database.dedicated() as connection:
                    await self._rounds(connection)
            except (Unavailable, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("reconciler_interrupted", reason=str(error) or type(error).__name__)
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
        async with self._open_service() as service:
            wished = await service.outcomes.every()
        loaded = await self._triton.loaded()
        if may_change:
            await asyncio.gather(
                *(self._bring_up_alone(each, loaded.get(each.row.name, set())) for each in wished)
            )
            await self._take_down({deployed.row.name for deployed in wished}, loaded)
            loaded = await self._triton.loaded()
        async with self._open_service() as service:
            self._tell_predictor(await service.outcomes.every(), loaded)

    def _tell_predictor(self, wished: list[Deployed], loaded: dict[str, set[int]]) -> None:
        for deployed in wished:
            row = deployed.row
            serving = row.serving_revision
            if deployed.serving and serving in loaded.get(row.name, set()):
                self._predictor.serve(row.name, serving, deployed.serving)
        self._predictor.forget_all_but({deployed.row.name for deployed in wished})

    async def _bring_up_alone(self, deployed: Deployed, loaded: set[int]) -> None:
        """What is slow or wrong with one keeps no other waiting."""
        async with self._loading:
            try:
                await self._bring_up(deployed, loaded)
            except ModelyardError as error:
                name = deployed.row.name
                log.warning("deployment_waits", deployment=name, code=error.code, detail=error.detail)

    async def _bring_up(self, deployed: Deployed, loaded: set[int]) -> None:
        row = deployed.row
        if row.desired_revision in loaded and row.desired_revision == row.serving_revision:
            if row.state != DeploymentState.READY:
                await self._note(lambda service: service.outcomes.note_serving(deployed))
            await self._let_go(deployed, loaded)
        elif self._may_try(deployed):
            await self._swap(deployed)
        elif row.serving_revision is not None and row.serving_revision not in loaded and deployed.serving:
            await self._ensure_file(row.name, deployed.serving, row.serving_revision)
            await self._load(row.name, deployed.serving, {row.serving_revision})

    def _may_try(self, deployed: Deployed) -> bool:
        row = deployed.row
        if row.failed_revision != row.desired_revision or row.failed_at is None:
            return True
        return now() - row.failed_at > timedelta(seconds=self._settings.retry_failed_seconds)

    async def _swap(self, deployed: Deployed) -> None:
        row = deployed.row
        await self._note(lambda service: service.outcomes.note_loading(deployed))
        try:
            await self._ensure_file(row.name, deployed.desired, row.desired_revision)
            await self._load_beside(deployed)
        except Unavailable:
            raise
        except ModelyardError as error:
            reason = error.detail
            await self._note(lambda service: service.outcomes.note_failure(deployed, reason))
            return
        self._swapped_at[row.name] = time.monotonic()
        await self._note(lambda service: service.outcomes.note_serving(deployed))
        self._predictor.serve(row.name, row.desired_revision, deployed.desired)

    async def _load_beside(self, deployed: Deployed) -> None:
        """The desired revision, tried out; what serves now stays whatever comes of it.

        One configuration is for all revisions: where inputs or outputs differ, Triton changes over by itself
        as soon as the new revision is ready.
        """
        row = deployed.row
        revisions = {row.desired_revision}
        if (
            row.serving_revision is not None
            and deployed.serving is not None
            and signature_of(deployed.serving) == signature_of(deployed.desired)
        ):
            await self._ensure_file(row.name, deployed.serving, row.serving_revision)
            revisions.add(row.serving_revision)
        try:
            await self._load(row.name, deployed.desired, revisions)
            await self._try_out(row.name, deployed.desired, row.desired_revision)
        except (ModelDoesNotLoad, ModelFails):
            await self._go_back(deployed)
            raise

    async def _go_back(self, deployed: Deployed) -> None:
        """Triton kept what answered before; the folder must say the same after a restart."""
        row = deployed.row
        if row.serving_revision is None or deployed.serving is None:
            await self._triton.unload(row.name)
            self._models.remove(row.name)
            return
        await self._write_config(row.name, deployed.serving, {row.serving_revision})
        if (await self._triton.loaded()).get(row.name, set()) != {row.serving_revision}:
            await self._triton.load(row.name)

    async def _load(self, name: str, version: ModelVersion, revisions: set[int]) -> None:
        """Exactly these revisions, whose files are there; their signature is that of `version`."""
        await self._write_config(name, version, revisions)
        await self._triton.load(name)
        log.info("model_loaded", deployment=name, revisions=sorted(revisions))

    async def _write_config(self, name: str, version: ModelVersion, revisions: set[int]) -> None:
        warm_up = registry.task(version.task).load_codec().warm_up(version.card)
        await asyncio.to_thread(self._models.write_config, name, revisions, signature_of(version), warm_up)

    async def _ensure_file(self, name: str, version: ModelVersion, revision: int) -> None:
        if not await asyncio.to_thread(self._models.has, name, revision, version.file):
            try:
                model = await self._storage.get_bytes(version.file.key)
            except ObjectNotFound as error:
                raise FileIsGone(f"the file of {version.model} v{version.version} is gone") from error
            await asyncio.to_thread(self._models.write_version, name, revision, model, version.file)

    async def _try_out(self, name: str, version: ModelVersion, revision: int) -> None:
        """One real request, decoded: ready means that an answer was seen."""
        codec = registry.task(version.task).load_codec()
        signature = codec.signature(version.card)
        outputs = await self._triton.infer(name, revision, codec.warm_up(version.card), signature)
        require_shapes(outputs, signature)
        codec.decode(outputs, version.card)

    async def _let_go(self, deployed: Deployed, loaded: set[int]) -> None:
        row = deployed.row
        swapped = self._swapped_at.get(row.name, 0.0)
        if loaded != {row.desired_revision} and time.monotonic() - swapped > GRACE_SECONDS:
            await self._load(row.name, deployed.desired, {row.desired_revision})
            self._models.forget_other_versions(row.name, (row.desired_revision,))

    async def _take_down(self, wished: set[str], loaded: dict[str, set[int]]) -> None:
        for name in self._models.names() - wished:
            if name in loaded:
                await self._triton.unload(name)
                log.info("model_unloaded", deployment=name)
            self._models.remove(name)

    async def _note(self, what: Callable[[Service], Awaitable[None]]) -> None:
        async with self._open_service() as service:
            await what(service)


def signature_of(version: ModelVersion) -> ServingSignature:
    return registry.task(version.task).load_codec().signature(version.card)


def require_shapes(outputs: Mapping[str, np.ndarray], signature: ServingSignature) -> None:
    """Those of one answer; ModelDoesNotLoad names the output that is another."""
    for spec in signature.outputs:
        found, wanted = outputs[spec.name].shape, (1, *spec.dims)
        is_so = len(found) == len(wanted) and all(
            one in (-1, other) for one, other in zip(wanted, found, strict=True)
        )
        if not is_so:
            raise ModelDoesNotLoad(f"{spec.name} has the shape {found}; by the model card it is {wanted}")
