"""Brings what a job works on into its own folder: the data's manifest and shards, a model package."""

from pathlib import Path

from libs.common import artifacts
from libs.common.cache import ObjectCache
from libs.common.contracts.base import View
from libs.common.contracts.datasets import DataReference
from libs.common.errors import NotFound


class DataIsMissing(NotFound):
    code, title = "data_missing", "The samples are not there any more"


class PackageIsMissing(NotFound):
    code, title = "package_missing", "The model package is not there any more"


class LocalData(View):
    """`shards` maps the keys that the manifest speaks of to files."""

    manifest: Path
    shards: dict[str, Path]


class LocalModel(View):
    """`package` is the folder with `model.json` and `model.safetensors`."""

    package: Path
    data: LocalData


async def stage_model(cache: ObjectCache, package: str, data: DataReference, directory: Path) -> LocalModel:
    """Raises PackageIsMissing or DataIsMissing; what is small and most often gone is fetched first."""
    return LocalModel(
        package=await stage_package(cache, package, directory),
        data=await stage_data(cache, data, directory),
    )


async def stage_data(cache: ObjectCache, data: DataReference, directory: Path) -> LocalData:
    shards = {shard.key: directory / "shards" / f"{number}.tar" for number, shard in enumerate(data.shards)}
    manifest = directory / "manifest.parquet"
    try:
        await cache.place_all({data.manifest: manifest, **shards})
    except NotFound as error:
        raise DataIsMissing(
            f"version {data.version} of dataset {data.dataset_name} was deleted from the object store"
        ) from error
    return LocalData(
        manifest=manifest.resolve(), shards={key: path.resolve() for key, path in shards.items()}
    )


async def stage_package(cache: ObjectCache, package: str, directory: Path) -> Path:
    folder = directory / "package"
    keys = artifacts.package_card(package), artifacts.package_weights(package)
    try:
        await cache.place_all({key: folder / key.rpartition("/")[2] for key in keys})
    except NotFound as error:
        raise PackageIsMissing("the checkpoint was deleted from the object store") from error
    return folder.resolve()
