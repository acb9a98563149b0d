"""The `modelyard` command against a whole, real stack, as a shell sees it."""

import json
from pathlib import Path

from libs.client.digits import write_digits


def test_from_a_zip_to_a_run_without_a_line_of_python(modelyard, tmp_path: Path):
    archive = tmp_path / "digits.zip"
    write_digits(archive)
    project = modelyard("projects", "create", "From a shell").strip()
    imported = modelyard("datasets", "import", project, archive)
    assert "1737 of 1737 samples imported" in imported
    dataset = imported.split(": 1737")[0].split()[-1]
    split = modelyard("splits", "create", dataset).split()[-1]
    knobs = ("--preset", "fast", "--set", "epochs=1")
    experiment = modelyard("experiments", "create", project, "quick", split, *knobs).strip()
    run = modelyard("runs", "start", experiment).strip()
    assert "completed" in modelyard("runs", "watch", run)
    assert "quick #1" in modelyard("runs", "list", "--project", project)
    assert "From a shell" in modelyard("projects", "list")


def test_a_wrong_knob_is_one_line_that_names_it(modelyard, trained):
    split, project = trained.run.data.split_id, trained.run.project_id
    said = modelyard("experiments", "create", project, "wrong", split, "--set", "epochs=-1", status=1)
    assert "config.epochs" in said
    assert "Traceback" not in said


def test_a_served_model_answers_a_file(modelyard, yard, trained, tmp_path: Path):
    yard.deployments.wait("main-path")
    digit = trained.held_out[0]
    image = tmp_path / "digit.png"
    image.write_bytes(digit.png)
    assert f" {digit.label} " in modelyard("predict", "main-path", image)
    (line,) = modelyard("predict", "main-path", image, "--json").splitlines()
    assert json.loads(line)["prediction"]["label"] == digit.label
    assert "main-path" in modelyard("models", "list")


def test_the_stack_is_seen_from_the_shell(modelyard):
    assert "trainer" in modelyard("status")
    assert "there is no 'nobody'" in modelyard("logs", "nobody", status=1)


def test_the_demo_reaches_its_table_beside_an_earlier_one(modelyard, yard):
    yard.projects.create("Handwritten digits", "classification")
    said = modelyard("demo")
    assert "Handwritten digits 2" in said
    assert "held-out digits through REST" in said
    assert yard.deployments.get("handwritten-digits-2").serving_version == 1
