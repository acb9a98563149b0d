"""A really trained tiny model with its data, made once per session in a process that loads torch.

`python -m tests.toy <task> <folder>` leaves `shard.tar`, `manifest.parquet` and `package/` there.
"""

import io
import json
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel

from libs.common import artifacts
from libs.common.contracts.datasets import DataReference, Shard
from libs.common.contracts.evaluations import Evaluable
from libs.common.ids import new_id
from tests.factories import data_reference, evaluable
from tests.house import House

SHARD_KEY = "toy/shard.tar"
COUNTS = {"train": 48, "val": 16, "test": 24}
ROOT = Path(__file__).parents[1]


class Toy(BaseModel):
    task: str
    folder: Path
    classes: tuple[str, ...]

    async def publish(self, house: House, **changes: object) -> Evaluable:
        """Its bytes in the object store, under keys of their own, and what a run would say of it."""
        data = data_reference(classes=self.classes, subset_counts=COUNTS)
        package = artifacts.package(artifacts.attempt_prefix(new_id(), 1), "best", 6)
        manifest = artifacts.manifest(data.dataset_id, data.split_id)
        shard = self.folder / "shard.tar"
        await house.storage.put_file(SHARD_KEY, shard)
        await house.storage.put_file(manifest, self.folder / "manifest.parquet")
        await house.storage.put_file(
            artifacts.package_weights(package), self.folder / "package/model.safetensors"
        )
        await house.storage.put_file(artifacts.package_card(package), self.folder / "package/model.json")
        shards = (Shard(key=SHARD_KEY, size_bytes=shard.stat().st_size),)
        placed: DataReference = data.model_copy(update={"manifest": manifest, "shards": shards})
        return evaluable(placed, **{"task": self.task, "package": package, **changes})


def train_toy(task: str, folder: Path) -> Toy:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.toy", task, folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return Toy.model_validate_json(done.stdout.splitlines()[-1])


@dataclass
class LastCheckpoint:
    """Keeps where the newest package lies and ignores the rest."""

    package: Path | None = None

    def metrics(self, *_: object) -> None: ...

    def steps(self, *_: object) -> None: ...

    def progress(self, *_: object) -> None: ...

    def log(self, *_: object) -> None: ...

    def checkpoint(self, files) -> None:
        self.package = files.package

    def should_stop(self) -> bool:
        return False


def main(task: str, folder: Path) -> None:
    from libs.tasks import registry, training

    toy = registry.task(task).load_runtime().toy_data(0, sum(COUNTS.values()))
    data = _write_data(toy, folder)
    last = LastCheckpoint()
    request = training.TrainRequest(
        task=task, config=toy.config, classes=toy.classes, data=data, directory=folder
    )
    training.train(request, last)
    assert last.package is not None
    last.package.rename(folder / "package")
    print(Toy(task=task, folder=folder, classes=toy.classes).model_dump_json())


def _write_data(toy, folder: Path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from libs.common.staging import LocalData

    subsets = [name for name, count in COUNTS.items() for _ in range(count)]
    shard, rows = folder / "shard.tar", []
    with tarfile.open(shard, "w") as tar:
        for number, image in enumerate(toy.images):
            member = tarfile.TarInfo(f"{number}.png")
            member.size = len(image)
            tar.addfile(member, io.BytesIO(image))
    with tarfile.open(shard) as tar:
        for member, image, truth, subset in zip(
            tar.getmembers(), toy.images, toy.annotations, subsets, strict=True
        ):
            rows.append(
                {
                    "sample_id": str(new_id()),
                    "name": member.name,
                    "subset": subset,
                    "shard": SHARD_KEY,
                    "offset": member.offset_data,
                    "size_bytes": len(image),
                    "width": 40,
                    "height": 40,
                    "sha256": sha256(image).hexdigest(),
                    "annotations": json.dumps([each.model_dump(mode="json") for each in truth]),
                }
            )
    pq.write_table(pa.Table.from_pylist(rows), folder / "manifest.parquet")
    return LocalData(manifest=folder / "manifest.parquet", shards={SHARD_KEY: shard})


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
