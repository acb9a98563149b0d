"""A lineage that reaches into another project ends where the caller's sight ends."""

import pytest

from libs.common.contracts.checkpoints import StartedFrom
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.people import join, make_account, signed_in
from tests.integration.gateway.room import SmallRoom
from tests.integration.gateway.test_http import problem_of


@pytest.mark.parametrize("is_member_of_both", [False, True])
async def test_of_a_run_that_began_with_anothers_weights(
    gateway: Gateway, api, room: SmallRoom, is_member_of_both
):
    hidden = room.add_run("completed", name="Their secret run")
    began_with = StartedFrom(run_id=hidden.id, checkpoint="best", package="nowhere/package/")
    run = room.add_run("completed", starts_from=began_with, reproduces=hidden.id)
    person = await make_account(api, "editor")
    await join(api, run.project_id, person, "viewer")
    if is_member_of_both:
        await join(api, hidden.project_id, person, "viewer")
    async with signed_in(gateway, person) as viewer:
        answer = await viewer.get(f"/v1/runs/{run.id}/lineage")
        told = {node["key"] for node in answer.json()["nodes"]}

        assert f"run:{run.id}" in told
        assert (f"run:{hidden.id}" in told) is is_member_of_both
        for secret in (hidden.name, str(hidden.id), str(hidden.experiment_id)):
            assert (secret in answer.text) is is_member_of_both
        if not is_member_of_both:
            problem_of(await viewer.get(f"/v1/runs/{hidden.id}/lineage"), 404, "not_found")
