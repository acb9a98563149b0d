"""One try at a delivery, and what came of it."""

import asyncio
from dataclasses import dataclass

from libs.common.contracts.channels import ChannelKind
from services.notifier.channels import Kinds
from services.notifier.errors import PutOff, Refused
from services.notifier.letters import Letter, Target


@dataclass(frozen=True)
class Outcome:
    """Without an error it has arrived; `is_final` where another try would end in the same way."""

    error: str | None = None
    is_final: bool = False
    after_seconds: float | None = None


async def sent(kinds: Kinds, letter: Letter, target: Target, patience_seconds: float) -> Outcome:
    """Never raises what a receiver can cause."""
    try:
        async with asyncio.timeout(patience_seconds):
            await kinds[ChannelKind(target.kind)].send(letter, target)
    except Refused as error:
        return Outcome(str(error), is_final=True)
    except PutOff as error:
        return Outcome(str(error), after_seconds=error.after_seconds)
    except TimeoutError:
        return Outcome(f"no answer within {patience_seconds:g} s")
    return Outcome()
