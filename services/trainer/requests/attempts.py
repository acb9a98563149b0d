"""What a run at work asks for."""

from libs.common.bus import RequestDoor
from libs.common.contracts.attempts import AttemptStart, RecordCheckpoint, SignAccess, SignedUrl, StartAttempt
from libs.common.contracts.checkpoints import Checkpoint
from services.trainer.service import Service

door = RequestDoor()


@door.answers
async def start_attempt(request: StartAttempt, service: Service) -> AttemptStart:
    return await service.attempts.start(request)


@door.answers
async def sign_access(request: SignAccess, service: Service) -> tuple[SignedUrl, ...]:
    return await service.attempts.sign(request)


@door.answers
async def record_checkpoint(request: RecordCheckpoint, service: Service) -> Checkpoint:
    return await service.attempts.record_checkpoint(request)
