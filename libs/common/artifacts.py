"""The only place that spells object keys; made of ids and fixed words, never of what a user typed."""

import re
from uuid import UUID

EXPORTS = "exports/"
FOREIGN_MODELS = "models/"
LABELLED_SAMPLES = "labelled/"
_WORD = re.compile(r"^[a-z0-9][a-z0-9_.-]{0,79}$")


def _word(value: str) -> str:
    """Refuses, never cleans: a word that is not plain is a bug or an attack."""
    if not _WORD.match(value) or ".." in value:
        raise ValueError(f"not a plain word for a key: {value!r}")
    return value


def upload(upload_id: UUID) -> str:
    return f"uploads/{upload_id}"


def dataset_prefix(dataset_id: UUID) -> str:
    return f"datasets/{dataset_id}/"


def shard(dataset_id: UUID, shard_id: UUID) -> str:
    return f"{dataset_prefix(dataset_id)}shards/{shard_id}.tar"


def thumbnails(dataset_id: UUID, shard_id: UUID) -> str:
    return f"{dataset_prefix(dataset_id)}thumbnails/{shard_id}.tar"


def manifest(dataset_id: UUID, split_id: UUID) -> str:
    return f"{dataset_prefix(dataset_id)}manifests/{split_id}.parquet"


def combined_manifest(dataset_id: UUID, digest: str) -> str:
    """Of several datasets, kept with the first of them; `digest` tells which splits and how."""
    return f"{dataset_prefix(dataset_id)}manifests/combined-{_word(digest)}.parquet"


def dataset_export(dataset_id: UUID, export_id: UUID) -> str:
    return f"{dataset_prefix(dataset_id)}exports/{export_id}.zip"


def run_prefix(run_id: UUID) -> str:
    return f"runs/{run_id}/"


def attempt_prefix(run_id: UUID, attempt: int) -> str:
    """All that one attempt writes; another attempt never touches it."""
    return f"{run_prefix(run_id)}attempts/{attempt}/"


def package(prefix: str, name: str, step: int) -> str:
    """Prefix of a model package below an attempt; its step keeps the one before intact meanwhile."""
    return f"{prefix}{_word(name)}-{step}/"


def package_weights(package_prefix: str) -> str:
    return f"{package_prefix}model.safetensors"


def package_card(package_prefix: str) -> str:
    return f"{package_prefix}model.json"


def resume_state(prefix: str, step: int) -> str:
    """Optimiser, scheduler and random states of one step; for resuming only."""
    return f"{prefix}resume-{step}.ckpt"


def run_log(prefix: str, first_seq: int) -> str:
    """Lines of one attempt, from this one on."""
    return f"{prefix}log-{first_seq}.jsonl.gz"


def run_points(run_id: UUID, sha256: str) -> str:
    """By content: written again it is the same."""
    return f"{run_prefix(run_id)}points-{_word(sha256)}.parquet"


def export_prefix(export_id: UUID) -> str:
    return f"{EXPORTS}{export_id}/"


def export_file(export_id: UUID, sha256: str, suffix: str) -> str:
    """By content: an attempt that lost its lease cannot write over what its successor has announced."""
    return f"{export_prefix(export_id)}{_word(sha256)}.{_word(suffix)}"


def foreign_model_prefix(version_id: UUID) -> str:
    return f"{FOREIGN_MODELS}{version_id}/"


def foreign_model_source(version_id: UUID) -> str:
    """As it was uploaded, until it was looked at."""
    return f"{foreign_model_prefix(version_id)}uploaded"


def foreign_model_file(version_id: UUID, sha256: str) -> str:
    return f"{foreign_model_prefix(version_id)}{_word(sha256)}.onnx"


def labelled_samples(request_id: UUID) -> str:
    """An archive that a deployment is asked about, gone with the answer."""
    return f"{LABELLED_SAMPLES}{request_id}.zip"


def is_below(key: str, prefix: str) -> bool:
    """True if `key` lies under `prefix` and no segment of it climbs out."""
    return key.startswith(prefix) and not any(part in ("", ".", "..") for part in key.split("/"))
