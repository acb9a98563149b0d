"""The library of the Hugging Face hub: it lists and brings files, and its faults are told in our words."""

import asyncio
import itertools
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from huggingface_hub import HfApi, RepoFile, hf_hub_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,  # pyright: ignore[reportPrivateImportUsage]: of the HTTP client that this release uses
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    XetDownloadError,
)
from huggingface_hub.utils import tqdm, validate_repo_id

from libs.common.contracts.sources import HuggingFaceSource
from services.datasets.errors import (
    SourceIsGated,
    SourceIsMalformed,
    SourceIsNotAllowed,
    SourceNotFound,
    SourceUnavailable,
)
from services.datasets.files import leads_out
from services.datasets.settings import Settings
from services.datasets.sources.limits import check_count, check_disk, check_size, full_disk_named
from services.datasets.sources.meter import Meter
from services.datasets.sources.origin import Fetched, Progress

DOWNLOADS_AT_ONCE = 8
# The library waits for a listing without end.
LISTING_SECONDS = 300
ANSWER_SECONDS = 30
# Programs, and pickles, which are programs too.
PROGRAMS = frozenset(
    {".py", ".pyc", ".ipynb", ".sh", ".bat", ".ps1", ".js", ".exe", ".dll", ".so", ".dylib", ".jar", ".whl"}
    | {".pkl", ".pickle", ".pt", ".pth", ".joblib"}
)
ARCHIVES = frozenset({".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst"})
# The hub's own pages about a dataset.
CARDS = frozenset({"readme.md", "license", "license.md", "license.txt"})


@dataclass(frozen=True)
class Snapshot:
    """A repository at one commit."""

    endpoint: str
    token: str | bool
    repository: str
    commit: str


async def bring(source: HuggingFaceSource, folder: Path, settings: Settings, progress: Progress) -> Fetched:
    """Below `folder`, as files in places of their own."""
    target = folder / "files"
    with _in_our_words(source, settings):
        async with asyncio.timeout(LISTING_SECONDS):
            snapshot, files = await asyncio.to_thread(_list, source, settings)
        size_bytes = sum(file.size for file in files)
        check_size(size_bytes, settings.archive)
        check_disk(folder, size_bytes)
        await _download(snapshot, files, target, Meter(size_bytes, progress))
    if len(files) == 1 and PurePosixPath(files[0].path).suffix.lower() in ARCHIVES:
        return Fetched(target / files[0].path, PurePosixPath(files[0].path).name)
    return Fetched(target, source.repository.partition("/")[2])


def check(source: HuggingFaceSource, settings: Settings) -> None:
    if not settings.huggingface_endpoint:
        raise SourceIsNotAllowed("the hub is off: the operator sets MODELYARD_HUGGINGFACE_ENDPOINT")
    try:
        validate_repo_id(source.repository)
    except HFValidationError as error:
        raise SourceIsMalformed(f"{source.repository!r} is no name of the hub") from error
    if any(part in ("", ".", "..") for part in source.revision.split("/")):
        raise SourceIsMalformed(f"{source.revision!r} is no revision")


def _list(source: HuggingFaceSource, settings: Settings) -> tuple[Snapshot, list[RepoFile]]:
    """In a thread; the commit is looked up once, so that all files are of the same one."""
    # False keeps the library from a token that somebody left on this machine.
    token = settings.huggingface_token.get_secret_value() if settings.huggingface_token else False
    api = HfApi(endpoint=settings.huggingface_endpoint, token=token)
    found = api.dataset_info(source.repository, revision=source.revision, timeout=ANSWER_SECONDS)
    commit = found.sha or source.revision
    tree = api.list_repo_tree(source.repository, recursive=True, revision=commit, repo_type="dataset")
    data = (file for file in tree if isinstance(file, RepoFile) and _is_data(file.path))
    files = list(itertools.islice(data, settings.archive.max_entries + 1))
    check_count(len(files), settings.archive)
    if not files:
        raise SourceNotFound(f"{source.repository} holds no data files at {source.revision}")
    return Snapshot(settings.huggingface_endpoint, token, source.repository, commit), files


def _is_data(path: str) -> bool:
    """Raises for a name that leads elsewhere."""
    parts = PurePosixPath(path).parts
    if leads_out(path) or not parts:
        raise SourceIsMalformed(f"the hub lists {path!r}, which leads out of the dataset")
    is_hidden = any(part.startswith(".") for part in parts)
    return not (is_hidden or parts[-1].lower() in CARDS or PurePosixPath(path).suffix.lower() in PROGRAMS)


async def _download(snapshot: Snapshot, files: list[RepoFile], target: Path, meter: Meter) -> None:
    """A few at a time; the first that fails ends the others."""
    waiting, bar = iter(files), _bar(meter)
    threads = ThreadPoolExecutor(DOWNLOADS_AT_ONCE, thread_name_prefix="huggingface")
    try:
        async with meter.telling(), asyncio.TaskGroup() as group:
            for _ in range(DOWNLOADS_AT_ONCE):
                group.create_task(_take_turns(threads, snapshot, waiting, target, bar))
    except ExceptionGroup as failures:
        first = failures.exceptions[0]
        raise first from first.__cause__
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
    # What the library noted about its downloads.
    await asyncio.to_thread(shutil.rmtree, target / ".cache", ignore_errors=True)


async def _take_turns(
    threads: ThreadPoolExecutor,
    snapshot: Snapshot,
    waiting: Iterator[RepoFile],
    target: Path,
    bar: type[tqdm],
) -> None:
    loop = asyncio.get_running_loop()
    for file in waiting:
        await loop.run_in_executor(threads, _bring, snapshot, file.path, target, bar)


def _bring(snapshot: Snapshot, path: str, target: Path, bar: type[tqdm]) -> None:
    hf_hub_download(
        snapshot.repository,
        path,
        repo_type="dataset",
        revision=snapshot.commit,
        local_dir=target,
        # Not the cache of the machine: it may hold anything, and may not be ours to write.
        cache_dir=target / ".cache" / "hub",
        endpoint=snapshot.endpoint,
        token=snapshot.token,
        tqdm_class=bar,
    )


def _bar(meter: Meter) -> type[tqdm]:
    """The library tells its progress to nothing but a bar; this one is never drawn."""

    class Bar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            meter.add(int(n or 0))

    return Bar


@contextmanager
def _in_our_words(source: HuggingFaceSource, settings: Settings) -> Iterator[None]:
    """A gated one is a kind of missing one to the library, so the order counts."""
    name, hub = source.repository, settings.huggingface_endpoint
    try:
        with full_disk_named():
            yield
    except GatedRepoError as error:
        raise SourceIsGated(
            f"ask for access at {hub}/datasets/{name}; then the operator sets MODELYARD_HUGGINGFACE_TOKEN"
        ) from error
    except RevisionNotFoundError as error:
        raise SourceNotFound(f"{name} has no revision {source.revision}") from error
    except RepositoryNotFoundError as error:
        raise SourceNotFound(f"{hub} has no dataset {name}, or it is private") from error
    except RemoteEntryNotFoundError as error:
        raise SourceNotFound(f"a file of {name} went away while it was fetched") from error
    except OfflineModeIsEnabled as error:
        raise SourceUnavailable("this machine is set to be offline (HF_HUB_OFFLINE)") from error
    except HfHubHTTPError as error:
        raise SourceUnavailable(f"{hub} answered {error.response.status_code}") from error
    except (HTTPError, XetDownloadError, OSError) as error:
        said = str(error) or type(error).__name__
        raise SourceUnavailable(f"{hub} does not answer as a hub does: {said}") from error
