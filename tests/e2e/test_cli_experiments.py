"""`modelyard experiments …` against a whole, real stack."""

from libs.client import Modelyard
from tests.e2e.small import Small


def test_an_experiment_is_shown_copied_renamed_and_deleted_from_a_shell(
    modelyard, yard: Modelyard, small: Small
):
    first, project = small.first.id, small.first.project_id

    made = modelyard("experiments", "duplicate", first, "--name", "Copy [a]", "--set", "epochs=1").strip()
    assert "Copy [a]" in modelyard("experiments", "list", project, "--q", "copy [A")
    assert modelyard("experiments", "rename", made, "Renamed", "--note", "why").strip() == "Renamed"
    shown = modelyard("experiments", "show", made)
    assert [line.split() for line in shown.splitlines() if line.startswith(("epochs", "note"))] == [
        ["note", "why"],
        ["epochs", "1"],
    ]
    assert "nothing was deleted" in modelyard("experiments", "delete", made, typed="Copy [a]\n", status=1)
    modelyard("experiments", "delete", made, "--yes")
    assert made not in {str(each.id) for each in yard.experiments.list(project)}


def test_runs_are_compared_in_a_shell(modelyard, small: Small):
    said = modelyard("experiments", "compare", small.first.id, "--run", small.other_run.id)

    assert small.run.name in said
    assert small.other_run.name in said
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line.strip()}
    assert rows["epochs"] == ["1", "2"]
    assert "val/accuracy" in rows
    assert "batch_size" not in said
    assert "settings are the same in all of them" in said


def test_what_cannot_be_compared_or_listed_is_said_in_one_line(modelyard, small: Small):
    assert "2 to 20" in modelyard("experiments", "compare", "--run", small.run.id, status=1)
    assert "not_run" in modelyard("experiments", "list", "--state", "sleeping", status=1)
    assert "There is no such experiment" in modelyard("experiments", "show", small.run.id, status=1)
