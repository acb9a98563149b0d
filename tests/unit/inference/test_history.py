"""Going back: to what served before, never to what was refused or gone back from."""

import pytest

from libs.common.contracts.deployments import ServingSettings
from services.inference.repository import Wish
from services.inference.service.history import Past, before
from tests.unit.inference.making import version

OTHER_WAY = ServingSettings(num_instances=2)


def past(
    number: int, *, back: bool = False, served: bool = True, settings: ServingSettings | None = None
) -> Past:
    return Past(Wish(0, version(number), settings or ServingSettings()), back, served)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([past(1)], None),
        ([past(1), past(2)], 1),
        ([past(1), past(2, served=False)], 1),
        ([past(1), past(2, served=False), past(3)], 1),
        # What was gone back from is not gone back to.
        ([past(1), past(2), past(1, back=True)], None),
        ([past(1), past(2), past(1, back=True), past(3)], 1),
        ([past(1), past(2), past(3), past(2, back=True)], 1),
        ([past(1), past(2), past(3), past(2, back=True), past(1, back=True)], None),
        # The same again, wished by somebody.
        ([past(1), past(2), past(1)], 2),
        ([past(1), past(2), past(1), past(2, back=True)], 1),
    ],
)
def test_of_versions(history: list[Past], expected: int | None):
    found = before(history)

    assert (found.version.version if found else None) == expected


def test_of_settings():
    found = before([past(1), past(2), past(2, settings=OTHER_WAY)])

    assert found is not None
    assert (found.version.version, found.settings) == (2, ServingSettings())
