"""What a run leaves, as users and shells get at it, and what they may not ask of it."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors import safe_open

from libs.client import Modelyard
from libs.common.contracts.base import Step
from libs.common.contracts.lineage import Lineage
from libs.common.contracts.packages import ModelCard
from libs.common.contracts.runs import Run
from libs.common.contracts.sources import SampleSource
from libs.common.errors import Conflict, ModelyardError
from libs.common.ids import new_id


@pytest.fixture(scope="module")
def run(yard: Modelyard, trained) -> Run:
    """Whose model is deployed."""
    yard.deployments.wait("main-path", timeout_seconds=180)
    yard.evaluations.wait_for_run(trained.run.id, timeout_seconds=120)
    return trained.run


def test_its_lineage_leads_from_the_data_to_what_answers(yard: Modelyard, run: Run):
    lineage = yard.runs.lineage(run.id)

    names = {node.key: node for node in lineage.nodes}
    dataset = names[f"dataset:{run.data.dataset_id}@{run.data.version}"]
    assert (dataset.name, dataset.version) == (run.data.dataset_name, run.data.version)
    assert names[f"run:{run.id}"].state == "completed"
    way = ("dataset", "split", "experiment", "run", "export", "model", "deployment")
    assert _way_to(lineage, "deployment:main-path") == list(way)
    assert _way_to(lineage, next(key for key in names if key.startswith("evaluation:")))[-2:] == [
        "run",
        "evaluation",
    ]


def _way_to(lineage: Lineage, key: str) -> list[str]:
    sources = {edge.target: edge.source for edge in lineage.edges}
    way = [key]
    while (before := sources.get(way[-1])) is not None:
        way.append(before)
    return [each.partition(":")[0] for each in reversed(way)]


def test_its_log_is_read_by_level_from_its_end_and_as_text(yard: Modelyard, run: Run, tmp_path: Path):
    lines = list(yard.runs.follow(run.id))
    texts = [line.text for line in lines]
    starts = ("samples are decoded once", "training starts", "epoch 1:")
    assert all(any(text.startswith(start) for text in texts) for start in starts)

    assert [line.text for line in yard.runs.logs(run.id, tail=2).items] == texts[-2:]
    assert list(yard.runs.follow(run.id, level="error")) == []
    written = yard.runs.download_logs(run.id, tmp_path / "run.log").read_text()
    assert [line.split(maxsplit=2)[2] for line in written.splitlines()] == texts


def test_its_checkpoint_is_downloaded_whole_and_in_parts(yard: Modelyard, run: Run, tmp_path: Path):
    folder = yard.runs.download_checkpoint(run.id, "last", tmp_path / "last", with_state=True)

    card = ModelCard.model_validate_json((folder / "model.json").read_bytes())
    assert card.run_id == run.id
    with safe_open(folder / "model.safetensors", "np") as weights:
        assert list(weights.keys())
    assert (folder / "resume.ckpt").stat().st_size > 0
    whole = yard._transport.http.get(f"/v1/runs/{run.id}/checkpoints/last", params={"part": "package"})
    assert int(whole.headers["content-length"]) == len(whole.content)
    with tarfile.open(fileobj=io.BytesIO(whole.content)) as package:
        assert package.getnames() == ["model.json", "model.safetensors"]
        for name in package.getnames():
            member = package.extractfile(name)
            assert member is not None and member.read() == (folder / name).read_bytes()


@pytest.mark.parametrize(
    ("ask", "code", "field"),
    [
        (lambda yard, run: yard.runs.resume(run.id), "run_is_complete", None),
        (lambda yard, run: yard.runs.stop(run.id), "run_has_ended", None),
        (lambda yard, run: yard.runs.cancel(run.id), "run_has_ended", None),
        (lambda yard, run: yard.runs.resume(new_id()), "run_not_found", None),
        (lambda yard, run: yard.runs.lineage(new_id()), "run_not_found", None),
        (lambda yard, run: yard.runs.reproduce(new_id()), "run_not_found", None),
        (lambda yard, run: yard.runs.start(new_id()), "experiment_not_found", None),
        (lambda yard, run: yard.runs.start(run.experiment_id, device="cuda:7"), "device_unknown", "device"),
        (lambda yard, run: yard.runs.start(run.experiment_id, device="tpu"), "bad_input", "device"),
        (lambda yard, run: yard.runs.start(run.experiment_id, priority=1000), "bad_input", "priority"),
        (
            lambda yard, run: yard.runs.start(run.experiment_id, then=(Step.EXPORT, Step.EVALUATE)),
            "bad_input",
            "then",
        ),
        (
            lambda yard, run: yard.runs.start(run.experiment_id, deployment="My Model"),
            "bad_input",
            "deployment",
        ),
        (lambda yard, run: yard.runs.start(run.experiment_id, like=new_id()), "run_not_found", None),
        (lambda yard, run: yard.runs.logs(run.id, cursor="yesterday"), "bad_input", None),
        (lambda yard, run: yard.runs.logs(run.id, tail=0), "bad_input", "tail"),
        (lambda yard, run: yard.runs.logs(run.id, level="loud"), "bad_input", "level"),
        (
            lambda yard, run: yard.runs.download_checkpoint(run.id, "epoch-99", Path("/tmp/never")),
            "checkpoint_not_found",
            None,
        ),
        (lambda yard, run: yard.runs.delete_checkpoint(run.id, "epoch-99"), "checkpoint_not_found", None),
    ],
)
def test_what_cannot_be_asked_of_it_is_refused_by_name_and_queues_nothing(
    yard: Modelyard, run: Run, ask: Callable[[Modelyard, Run], object], code: str, field: str | None
):
    before = yard.experiments.get(run.experiment_id).num_runs
    with pytest.raises(ModelyardError) as refused:
        ask(yard, run)
    assert 400 <= refused.value.status < 500
    assert refused.value.code == code
    if field is not None:
        assert field in {problem.field for problem in refused.value.errors}
    assert yard.experiments.get(run.experiment_id).num_runs == before


def test_a_run_on_data_that_were_deleted_is_refused_before_it_waits(yard: Modelyard):
    project = yard.projects.create("Gone data", "classification")
    dataset = yard.datasets.create(project.id, "gone", SampleSource(name="shapes"))
    split = yard.splits.create(yard.datasets.wait(dataset.id).id)
    experiment = yard.experiments.create(project.id, "On gone data", split.id)
    yard.datasets.delete(dataset.id)

    with pytest.raises(Conflict) as refused:
        yard.runs.start(experiment.id)

    assert refused.value.code == "data_gone"
    assert "version 1 of dataset gone" in refused.value.detail
    assert yard.experiments.get(experiment.id).num_runs == 0


def test_the_shell_shows_it_and_fetches_its_model(modelyard, run: Run, tmp_path: Path):
    shown = modelyard("runs", "show", run.id)
    for word in (run.name, "completed", run.data.dataset_name, "val/accuracy", "waits for a worker"):
        assert word in shown
    assert "training starts" in modelyard("runs", "logs", run.id, "--follow")
    assert len(modelyard("runs", "logs", run.id, "--tail", "1").splitlines()) == 1
    assert "best" in modelyard("runs", "checkpoints", run.id)
    modelyard("runs", "download", run.id, tmp_path / "model", "--checkpoint", "best")
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"model.json", "model.safetensors"}
    refused = modelyard("runs", "resume", run.id, status=1)
    assert "has done its" in refused and "Traceback" not in refused
