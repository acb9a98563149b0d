"""Energy: power over time, and the counters of processors."""

from pathlib import Path

import pytest

from services.trainer.node.energy import CpuEnergy, PowerSum


def zone(root: Path, number: str, name: str, microjoules: int, limit: int = 1_000_000_000) -> Path:
    folder = root / f"intel-rapl:{number}"
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text(f"{limit}\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    return folder


def test_power_is_summed_up_by_trapezoids() -> None:
    summed = PowerSum()
    assert [summed.add(watts, at) for watts, at in ((100, 50.0), (200, 52.0), (200, 53.0))] == [0, 300, 500]


def test_packages_count_and_what_lies_inside_them_does_not_count_twice(tmp_path: Path) -> None:
    first = zone(tmp_path, "0", "package-0", 5_000_000)
    second = zone(tmp_path, "1", "package-1", 7_000_000)
    inside = zone(tmp_path, "0:0", "core", 1_000_000)
    whole = zone(tmp_path, "2", "psys", 1_000_000)
    energy = CpuEnergy(tmp_path)

    for folder, value in ((first, 6_000_000), (second, 9_500_000), (inside, 9_000_000), (whole, 9_000_000)):
        (folder / "energy_uj").write_text(str(value))

    assert energy.joules() == 3.5


def test_a_counter_that_begins_again_goes_on(tmp_path: Path) -> None:
    folder = zone(tmp_path, "0", "package-0", 90_000_000, limit=100_000_000)
    energy = CpuEnergy(tmp_path)
    (folder / "energy_uj").write_text("5000000")
    assert energy.joules() == 15
    (folder / "energy_uj").write_text("6000000")
    assert energy.joules() == 16


def test_power_is_the_mean_between_two_looks(tmp_path: Path) -> None:
    energy = CpuEnergy(tmp_path)
    assert [
        energy.watts(joules, at) for joules, at in ((0.0, 1.0), (130.0, 3.0), (None, 4.0), (9.0, 5.0))
    ] == [
        None,
        65,
        None,
        None,
    ]


@pytest.mark.parametrize("missing", ["energy_uj", "max_energy_range_uj", "name"])
def test_without_readable_counters_nothing_is_known(tmp_path: Path, missing: str) -> None:
    (zone(tmp_path, "0", "package-0", 5_000_000) / missing).unlink()
    assert CpuEnergy(tmp_path).joules() is None
    assert CpuEnergy(tmp_path / "nothing").joules() is None


def test_counters_that_can_be_read_no_more_are_not_guessed(tmp_path: Path) -> None:
    zone(tmp_path, "0", "package-0", 5_000_000)
    lost = zone(tmp_path, "1", "package-1", 5_000_000)
    energy = CpuEnergy(tmp_path)
    (lost / "energy_uj").unlink()
    assert energy.joules() is None
    assert energy.joules() is None
