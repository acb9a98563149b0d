"""Brings revisions up in Triton: the file, the configuration, one real question."""

import asyncio
from collections.abc import Mapping

import numpy as np

from libs.common.log import get_logger
from libs.common.storage import ObjectNotFound, Storage
from libs.tasks import registry
from libs.tasks.codec import ServingSignature
from services.inference.errors import FileIsGone, ModelDoesNotLoad, ModelFails
from services.inference.model_repository import ModelRepository
from services.inference.repository import Slot, Wish
from services.inference.settings import Settings
from services.inference.triton import Triton

# Behind the name of a model that is tried out apart; a slug has no underscore.
TRIAL = "_trial"
log = get_logger(__name__)


class Loader:
    """Of one slot at a time, by one caller at a time."""

    def __init__(self, settings: Settings, storage: Storage, triton: Triton) -> None:
        self._settings = settings
        self._storage = storage
        self._triton = triton
        self._models = ModelRepository(settings)

    def names(self) -> set[str]:
        """Folders of ours, whether Triton has loaded them or not."""
        return self._models.names()

    async def load_beside(self, slot: Slot) -> None:
        """The desired revision, tried out; what serves now stays whatever comes of it.

        Under another name first: who asks Triton directly and names no version gets the highest there is.
        One configuration is for all revisions: where inputs, outputs or the batch differ, Triton then changes
        over by itself as soon as the new one is ready.
        """
        desired, serving = slot.desired, slot.serving
        await self._ensure_file(slot.triton_model, desired)
        revisions = {desired.revision}
        if serving is not None:
            await self._try_apart(slot.triton_model + TRIAL, desired)
        if serving is not None and self._fit_together(desired, serving):
            await self._ensure_file(slot.triton_model, serving)
            revisions.add(serving.revision)
        try:
            await self._load(slot.triton_model, desired, revisions)
            await self._try_out(slot.triton_model, desired)
        except (ModelDoesNotLoad, ModelFails):
            await self._go_back(slot)
            raise

    async def load_again(self, slot: Slot, wish: Wish) -> None:
        """What answered before, after Triton was away."""
        await self._ensure_file(slot.triton_model, wish)
        await self._load(slot.triton_model, wish, {wish.revision})

    async def let_others_go(self, slot: Slot) -> None:
        await self._load(slot.triton_model, slot.desired, {slot.desired.revision})
        self._models.forget_other_versions(slot.triton_model, (slot.desired.revision,))

    async def remove(self, triton_model: str, *, is_loaded: bool) -> None:
        if is_loaded:
            await self._triton.unload(triton_model)
            log.info("model_unloaded", triton_model=triton_model)
        self._models.remove(triton_model)

    async def _try_apart(self, triton_model: str, wish: Wish) -> None:
        await self._ensure_file(triton_model, wish)
        try:
            await self._load(triton_model, wish, {wish.revision})
            await self._try_out(triton_model, wish)
        finally:
            await self.remove(triton_model, is_loaded=True)

    async def _go_back(self, slot: Slot) -> None:
        """Triton kept what answered before; the folder must say the same after a restart."""
        serving = slot.serving
        if serving is None:
            await self._triton.unload(slot.triton_model)
            self._models.remove(slot.triton_model)
            return
        await self._write_config(slot.triton_model, serving, {serving.revision})
        if (await self._triton.loaded()).get(slot.triton_model, set()) != {serving.revision}:
            await self._triton.load(slot.triton_model)

    async def _load(self, triton_model: str, wish: Wish, revisions: set[int]) -> None:
        """Exactly these revisions, whose files are there; they are run as `wish` says."""
        await self._write_config(triton_model, wish, revisions)
        await self._triton.load(triton_model)
        log.info("model_loaded", triton_model=triton_model, revisions=sorted(revisions))

    async def _write_config(self, triton_model: str, wish: Wish, revisions: set[int]) -> None:
        version = wish.version
        warm_up = registry.task(version.task).load_codec().warm_up(version.card)
        await asyncio.to_thread(
            self._models.write_config, triton_model, revisions, signature_of(wish), warm_up, wish.settings
        )

    async def _ensure_file(self, triton_model: str, wish: Wish) -> None:
        version = wish.version
        if not await asyncio.to_thread(self._models.has, triton_model, wish.revision, version.file):
            try:
                model = await self._storage.get_bytes(version.file.key)
            except ObjectNotFound as error:
                raise FileIsGone(f"the file of {version.model} v{version.version} is gone") from error
            await asyncio.to_thread(
                self._models.write_version, triton_model, wish.revision, model, version.file
            )

    async def _try_out(self, triton_model: str, wish: Wish) -> None:
        """One real request, decoded: ready means that an answer was seen."""
        card = wish.version.card
        codec = registry.task(wish.version.task).load_codec()
        signature = codec.signature(card)
        outputs = await self._triton.infer(triton_model, wish.revision, codec.warm_up(card), signature)
        require_shapes(outputs, signature)
        codec.decode(outputs, card)

    def _fit_together(self, one: Wish, other: Wish) -> bool:
        usual = self._settings.max_batch_size
        sizes = {each.settings.max_batch_size or usual for each in (one, other)}
        return len(sizes) == 1 and signature_of(one) == signature_of(other)


def signature_of(wish: Wish) -> ServingSignature:
    return registry.task(wish.version.task).load_codec().signature(wish.version.card)


def require_shapes(outputs: Mapping[str, np.ndarray], signature: ServingSignature) -> None:
    """Those of one answer; ModelDoesNotLoad names the output that is another."""
    for spec in signature.outputs:
        found, wanted = outputs[spec.name].shape, (1, *spec.dims)
        is_so = len(found) == len(wanted) and all(
            one in (-1, other) for one, other in zip(wanted, found, strict=True)
        )
        if not is_so:
            raise ModelDoesNotLoad(f"{spec.name} has the shape {found}; by the model card it is {wanted}")
