"""Certificates in words."""

import pytest
from ui.certificates import certificate_line, verdict

from libs.common.contracts.reports import ParityReport
from tests.factories import parity_report


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (
            parity_report(
                subset="test", runtime="ONNX Runtime 1.31.1", num_samples=1737, metric_tolerance=0.001
            ),
            "**Passed** on 1,737 samples of test in ONNX Runtime 1\\.31\\.1: outputs may differ by 1e-04, "
            "the metric may lose 0.001.",
        ),
        (
            parity_report(tolerance=None, metric_tolerance=0.02, passed=False),
            "**Refused** on 4 samples: the metric may lose 0.02. It differs by more, so no file was kept.",
        ),
    ],
)
def test_a_verdict_says_on_what_and_how_far(report: ParityReport, words: str):
    assert verdict(report).partition("] ")[2] == words


def test_a_line_says_what_the_file_is_worth_beside_its_network():
    line = certificate_line(parity_report(metric="f1_macro", metric_pytorch=0.93, metric_exported=0.925))

    assert line.endswith("f1 macro **0.9250** (PyTorch 0.9300)")
