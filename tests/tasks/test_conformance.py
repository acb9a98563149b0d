"""Every task of the registry keeps the contract; a new one is tested by existing."""

from pathlib import Path

import pytest

from libs.tasks import registry
from libs.tasks.classification.toys import several_shapes
from libs.tasks.conformance import NUM_SAMPLES, check_task


@pytest.mark.parametrize("task", sorted(registry.tasks()))
def test_the_task_keeps_the_contract(task: str, tmp_path: Path):
    check_task(registry.task(task), tmp_path)


def test_classification_keeps_it_with_several_classes_per_image_too(tmp_path: Path):
    check_task(registry.task("classification"), tmp_path, several_shapes(seed=1, count=NUM_SAMPLES))
