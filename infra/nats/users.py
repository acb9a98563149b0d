"""One user per process, with permissions on exactly its subjects: the one table of them.

`tests/contract/test_bus_users.py` compares it with what the rooms declare. After a change here
`python -m infra.nats` renews authorization.conf, which docker compose reads.
"""

from dataclasses import dataclass

FACTS, TELEMETRY = "FACTS", "TELEMETRY"
STREAMS = (FACTS, TELEMETRY, "DEAD_LETTERS")
ROOMS = ("gateway", "datasets", "trainer", "evaluator", "exporter", "inference", "notifier")
# Whoever does jobs asks the scheduler for them.
JOBS = tuple(f"svc.trainer.job.{verb}" for verb in ("beat", "claim", "fail", "finish", "release"))


# Every room can be the relay: it announces the facts of all rooms, wakes the workers of all kinds, and makes
# streams that are not there.
RELAY = (
    "facts.>",
    "jobs.wake.>",
    *(f"$JS.API.STREAM.{verb}.{stream}" for stream in STREAMS for verb in ("CREATE", "INFO", "UPDATE")),
)
# How long an answer is let through; above what anybody waits for one.
ANSWERED_WITHIN_SECONDS = 660


@dataclass(frozen=True)
class User:
    """What it may publish and hear; `may_answer` lets it reply to whoever asked it."""

    name: str
    publishes: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()
    may_answer: bool = False


def room(
    name: str,
    *,
    reacts_to: tuple[str, ...] = (),
    does: tuple[str, ...] = (),
    follows: tuple[str, ...] = (),
) -> User:
    """`reacts_to` facts through the room's fact door, `does` kinds of jobs, `follows` whole streams."""
    consumers = tuple(f"{name}-{fact.replace('.', '-')}" for fact in reacts_to)
    return User(
        name,
        publishes=(
            *RELAY,
            f"$SRV.PING.{name}.*",
            *(JOBS if does else ()),
            *(subject for consumer in consumers for subject in _side_effects(consumer)),
            *(subject for stream in follows for subject in _projection(stream)),
        ),
        hears=(
            _inbox(name),
            f"svc.{name}.>",
            *(f"$SRV.{verb}" for verb in ("PING", "INFO", "STATS")),
            f"$SRV.*.{name}",
            f"$SRV.*.{name}.*",
            *(f"jobs.wake.{kind}" for kind in does),
        ),
        may_answer=True,
    )


def _side_effects(consumer: str) -> tuple[str, ...]:
    """A durable consumer of facts: make it, pull from it, settle what it gave, write its dead letters."""
    return (
        f"$JS.API.CONSUMER.DURABLE.CREATE.{FACTS}.{consumer}",
        f"$JS.API.CONSUMER.MSG.NEXT.{FACTS}.{consumer}",
        f"$JS.ACK.{FACTS}.{consumer}.>",
        f"dlq.facts.{consumer}",
    )


def _projection(stream: str) -> tuple[str, ...]:
    """Consumers that live as long as their reader, with names that nobody knows before."""
    return (
        f"$JS.API.CONSUMER.CREATE.{stream}",
        f"$JS.API.CONSUMER.CREATE.{stream}.*",
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.*",
    )


def _inbox(name: str) -> str:
    """Answers to others are not to be heard; a client of this user says where its own arrive."""
    return f"_INBOX_{name}.>"


# Held by no process: for people, who look after the streams with it.
OWNER = "modelyard"
USERS = (
    User(OWNER, publishes=(">",), hears=(">",)),
    # For programs of others: hears what is announced and can say nothing.
    User("integration", hears=("facts.>",)),
    # Asks every room and is asked by none.
    User(
        "gateway",
        publishes=(
            *RELAY,
            "$SRV.PING",
            *(f"svc.{name}.>" for name in ROOMS if name != "gateway"),
            *_projection(FACTS),
            *_projection(TELEMETRY),
            *_side_effects("gateway-project-deleted"),
        ),
        hears=(_inbox("gateway"), "live.>"),
    ),
    room(
        "datasets",
        reacts_to=("job.cancelled", "job.failed"),
        does=("dataset.detect", "dataset.export", "dataset.import"),
    ),
    room("trainer", reacts_to=("project.deleted",), follows=(TELEMETRY,)),
    room(
        "evaluator",
        reacts_to=("job.cancelled", "job.failed", "project.deleted", "run.completed"),
        does=("run.evaluate",),
    ),
    room(
        "exporter",
        reacts_to=("evaluation.completed", "job.cancelled", "job.failed", "project.deleted", "run.completed"),
        does=("model.import", "run.export"),
    ),
    room("inference", reacts_to=("export.completed", "project.deleted")),
    room(
        "notifier",
        reacts_to=(
            "alert.cleared",
            "alert.raised",
            "canary.failed",
            "dataset.deleted",
            "dataset.exported",
            "dataset.failed",
            "dataset.ready",
            "dataset.versioned",
            "deployment.failed",
            "evaluation.completed",
            "evaluation.failed",
            "export.completed",
            "export.failed",
            "model.aliased",
            "model.deployed",
            "model.registered",
            "project.deleted",
            "run.cancelled",
            "run.completed",
            "run.failed",
            "run.lost",
            "run.resumed",
            "run.started",
            "split.saved",
        ),
    ),
    User(
        "worker",
        publishes=(
            *JOBS,
            "svc.trainer.attempt.start",
            "svc.trainer.checkpoint.record",
            "svc.trainer.lease.sign",
            "svc.trainer.node.tell",
            "telemetry.>",
        ),
        hears=(_inbox("worker"), "jobs.wake.run.train"),
    ),
)
PROCESSES = (*ROOMS, "worker")
