"""Settings of a deployment as they are said in a shell."""

import pytest

from libs.client.commands.deployments import usual_settings
from libs.common.errors import BadInput


def test_what_goes_back_to_its_default_is_said_by_name():
    assert usual_settings(["threshold", "queue-delay", "num-instances"]) == {
        "threshold": None,
        "queue_delay_microseconds": None,
        "num_instances": 1,
    }


def test_a_setting_that_there_is_not_is_refused_with_those_there_are():
    with pytest.raises(BadInput, match="no setting 'speed', only num-instances, max-batch-size, threshold"):
        usual_settings(["threshold", "speed"])
