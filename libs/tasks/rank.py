"""One of several processes that train together: `python -m libs.tasks.rank request.json`."""

import sys
from pathlib import Path

from libs.common.child import Reporter
from libs.common.contracts.base import View
from libs.tasks.reported import ReportedEvents
from libs.tasks.request import TrainRequest


class Written(View):
    """The fields of `CheckpointFiles`."""

    epoch: int
    step: int
    is_best: bool
    package: Path
    resume: Path
    metrics: dict[str, float]
    is_kept: bool


def main(path: Path) -> None:
    with Reporter.from_environment() as reporter:
        request = TrainRequest.model_validate_json(path.read_bytes())
        # Late: seconds of imports, in which the reporter already answers for this process.
        from libs.tasks import registry
        from libs.tasks.attempt import attempt

        config = registry.task(request.task).config_model.model_validate(request.config)
        reporter.finished(attempt(request, config, ReportedEvents(reporter, Written)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
