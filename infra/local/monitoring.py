"""Prometheus beside the local stack, for who asks for it: infra/prometheus with this stack's ports."""

import json
import os
import shutil
from pathlib import Path
from typing import Any, NoReturn

import yaml

from infra.local.home import ROOT, TOOLS, Stack
from infra.local.ports import LOOPBACK
from infra.local.programs import ToolIsMissing

PROMETHEUS = ROOT / "infra" / "prometheus"
# Where a part tells its figures at another port than it answers at.
FIGURES = {"gateway": "gateway_metrics", "triton": "triton_metrics"}
KEPT_FOR = "15d"


def scrape_configuration(stack: Stack) -> dict[str, Any]:
    """What docker compose's Prometheus reads, with addresses of this stack in place of containers' names."""
    wanted = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    wanted["rule_files"] = [str(PROMETHEUS / "rules" / "*.yml")]
    for job in wanted["scrape_configs"]:
        for group in job["static_configs"]:
            group["targets"] = [_address(stack, target) for target in group["targets"]]
    return wanted


def run_prometheus(stack: Stack, port: int) -> NoReturn:
    """In place of this process, until Ctrl-C; what it has stored stays in the home."""
    program = find_program("prometheus")
    file = stack.home / "prometheus.json"
    # JSON is YAML, too.
    file.write_text(json.dumps(scrape_configuration(stack), indent=2))
    os.execv(  # noqa: S606
        program,
        [
            str(program),
            f"--config.file={file}",
            f"--web.listen-address={LOOPBACK}:{port}",
            f"--storage.tsdb.path={stack.home / 'prometheus'}",
            f"--storage.tsdb.retention.time={KEPT_FOR}",
            "--log.level=warn",
        ],
    )


def find_program(name: str) -> Path:
    """`prometheus` or `promtool`."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:{TOOLS}/bin")
    if found is None:
        raise ToolIsMissing(f"{name} is missing: run `infra/local/setup.sh monitor`")
    return Path(found)


def _address(stack: Stack, target: str) -> str:
    name = target.partition(":")[0]
    return f"{LOOPBACK}:{stack.ports[FIGURES.get(name, name)]}"
