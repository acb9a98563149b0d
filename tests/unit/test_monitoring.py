"""Rules and dashboards: Prometheus accepts them, they fire when they should, they name what is there."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from infra.local.monitoring import PROMETHEUS, find_program
from tests.figures import DASHBOARDS, charted, names_in, watched

PROVISIONING = DASHBOARDS.parent / "provisioning"


def promtool(*arguments: str | Path) -> None:
    ran = subprocess.run([find_program("promtool"), *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_prometheus_accepts_its_configuration_and_the_rules():
    promtool("check", "config", PROMETHEUS / "prometheus.yml")


@pytest.mark.parametrize("file", sorted((PROMETHEUS / "tests").glob("*.yml")), ids=lambda file: file.stem)
def test_alerts_fire_when_they_should_and_only_then(file: Path):
    promtool("test", "rules", file)


def test_every_alert_is_tried_and_says_what_to_do():
    rules = [rule for each in watched().values() for rule in each]
    tried = "".join(file.read_text() for file in (PROMETHEUS / "tests").glob("*.yml"))
    for rule in rules:
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "action"}, rule["alert"]
        assert rule["alert"] in tried, rule["alert"]
    assert set(watched()) == {file.stem for file in (PROMETHEUS / "tests").glob("*.yml")}


def test_prometheus_understands_every_question_of_the_dashboards(tmp_path):
    rules = [
        {"record": f"charted:{number}", "expr": expression}
        for number, expression in enumerate(e for each in charted().values() for e in each)
    ]
    file = tmp_path / "charted.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "charted", "rules": rules}]}))
    promtool("check", "rules", file)


@pytest.mark.parametrize("file", sorted(DASHBOARDS.glob("*.json")), ids=lambda file: file.stem)
def test_panels_have_a_place_of_their_own_and_ask_the_source_that_is_there(file: Path):
    board = json.loads(file.read_text())
    [source] = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())["datasources"]
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {source["uid"]}
        assert all(names_in(target["expr"]) for target in panel["targets"]), panel["title"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert board["uid"] == f"modelyard-{file.stem}"


def test_dashboards_are_read_from_where_compose_puts_them():
    services = yaml.safe_load((PROMETHEUS.parents[1] / "docker-compose.yml").read_text())["services"]
    grafana = services["grafana"]
    [provider] = yaml.safe_load((PROVISIONING / "dashboards/modelyard.yml").read_text())["providers"]
    folder = provider["options"]["path"]
    assert f"./infra/grafana/dashboards:{folder}:ro" in grafana["volumes"]
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert re.fullmatch(rf"{folder}/(\w+)\.json", home)
    assert (DASHBOARDS / Path(home).name).exists()
