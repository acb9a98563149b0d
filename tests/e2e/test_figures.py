"""What alerts and dashboards ask for is what the whole stack tells, once a model has been served."""

import httpx

from infra.local.monitoring import scrape_configuration
from tests.figures import asked, told


def test_every_series_that_is_watched_or_charted_is_measured(stack, yard, trained):
    yard.deployments.wait("main-path", timeout_seconds=180)
    yard.deployments.predict("main-path", trained.held_out[0].png)
    jobs = scrape_configuration(stack.stack)["scrape_configs"]
    targets = [target for job in jobs for group in job["static_configs"] for target in group["targets"]]

    readings = {target: httpx.get(f"http://{target}/metrics").text for target in targets}

    assert asked() - set().union(*map(told, readings.values())) == set()
    for text in readings.values():
        assert str(trained.run.id) not in text
