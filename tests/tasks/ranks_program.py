"""Trains in several processes until it is killed; says once that they do."""

import sys
from pathlib import Path

from libs.common.contracts.telemetry import Progress
from libs.tasks.conformance import Heard
from libs.tasks.request import TrainRequest
from libs.tasks.training import train


class Says(Heard):
    def progress(self, progress: Progress) -> None:
        if self.last_progress is None and progress.epoch is not None:
            self.last_progress = progress
            print("trains", flush=True)


if __name__ == "__main__":
    train(TrainRequest.model_validate_json(Path(sys.argv[1]).read_bytes()), Says())
