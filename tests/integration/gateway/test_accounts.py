"""Accounts and members of projects, as administrators manage them."""

import asyncio

import pytest
from alembic import command

from libs.common.contracts.projects import ProjectDeleted
from libs.common.db.schema import alembic_config
from libs.common.ids import new_id
from services.gateway.app import SCHEMA
from tests.house import House
from tests.integration.gateway.people import join, make_account, signed_in
from tests.integration.gateway.room import SmallRoom
from tests.integration.gateway.test_http import PROJECT, problem_of


@pytest.mark.usefixtures("gateway")
async def test_migrations_and_models_agree(house: House):
    async with house.database.engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(alembic_config(sync, SCHEMA)))


class TestAccounts:
    async def test_the_first_one_is_there_and_owns_the_token_of_the_settings(self, api):
        me = (await api.get("/v1/me")).json()
        user = (await api.get(f"/v1/users/{me['user_id']}")).json()

        assert (user["name"], user["role"], user["has_password"]) == ("admin", "admin", True)
        assert me["sees_all_projects"]

    async def test_a_password_that_was_made_here_is_shown_once(self, api):
        made = (await api.post("/v1/users", json={"name": f"made-{new_id().hex}"})).json()

        assert len(made["password"]) >= 20
        assert made["user"]["role"] == "viewer"
        assert made["password"] not in (await api.get(f"/v1/users/{made['user']['id']}")).text

    async def test_a_name_belongs_to_one(self, api):
        person = await make_account(api, "viewer")
        body = {"name": person.name.upper()}

        problem_of(await api.post("/v1/users", json=body), 409, "account_taken")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"name": "two words"}, "name"),
            ({"name": "short", "password": "123456789"}, "password"),
            ({"name": "nowhere", "email": "nowhere"}, "email"),
            ({"name": "more", "is_active": False}, "is_active"),
        ],
    )
    async def test_what_is_wrong_is_named(self, api, body, field):
        problem = problem_of(await api.post("/v1/users", json=body), 422, "bad_input")

        assert [each["field"] for each in problem["errors"]] == [field]
        assert "123456789" not in str(problem)

    async def test_they_are_found_by_part_of_their_name_page_by_page(self, api):
        word = new_id().hex[-12:]
        for letter in "abc":
            await make_account(api, "viewer", name=f"{letter}-{word}")

        first = (await api.get("/v1/users", params={"q": word, "limit": 2})).json()
        query = {"q": word, "limit": 2, "cursor": first["next_cursor"]}
        second = (await api.get("/v1/users", params=query)).json()

        names = [each["name"] for each in [*first["items"], *second["items"]]]
        assert (names, second["next_cursor"]) == ([f"{letter}-{word}" for letter in "abc"], None)

    async def test_what_is_left_out_of_a_change_stays(self, api):
        person = await make_account(api, "viewer", email="ada@example.org")
        path = f"/v1/users/{person.id}"
        changed = (await api.patch(path, json={"role": "editor"})).json()
        cleared = (await api.patch(path, json={"email": None})).json()

        assert (changed["role"], changed["email"]) == ("editor", "ada@example.org")
        assert (cleared["role"], cleared["email"], cleared["is_active"]) == ("editor", None, True)

    async def test_what_is_not_there_is_404(self, api):
        path = f"/v1/users/{new_id()}"
        for answer in (await api.get(path), await api.patch(path, json={}), await api.delete(path)):
            problem_of(answer, 404, "user_not_found")


class TestTheLastAdministrator:
    @pytest.mark.parametrize("change", [{"role": "editor"}, {"role": "viewer"}, {"is_active": False}])
    async def test_is_not_lowered_or_deactivated(self, api, change):
        me = (await api.get("/v1/me")).json()["user_id"]

        problem_of(await api.patch(f"/v1/users/{me}", json=change), 409, "last_administrator")
        assert (await api.get("/v1/me")).json()["role"] == "admin"

    async def test_is_not_removed_also_if_there_is_one_who_is_not_active(self, api):
        me = (await api.get("/v1/me")).json()["user_id"]
        other = await make_account(api, "admin")
        await api.patch(f"/v1/users/{other.id}", json={"is_active": False})

        problem_of(await api.delete(f"/v1/users/{me}"), 409, "last_administrator")
        await api.delete(f"/v1/users/{other.id}")

    async def test_stays_when_all_of_them_are_lowered_at_once(self, api):
        me = (await api.get("/v1/me")).json()["user_id"]
        others = [(await make_account(api, "admin")).id for _ in range(3)]
        # The first one keeps the role: this test must be able to clear up.
        answers = await asyncio.gather(
            *(api.patch(f"/v1/users/{each}", json={"role": "viewer"}) for each in others)
        )

        assert [answer.status_code for answer in answers] == [200] * 3
        problem_of(await api.patch(f"/v1/users/{me}", json={"role": "editor"}), 409, "last_administrator")


class TestMembers:
    async def test_are_added_changed_listed_and_removed(self, api, room: SmallRoom):
        project = (await api.post("/v1/projects", json=PROJECT)).json()["id"]
        person = await make_account(api, "editor")
        await join(api, project, person, "viewer")
        await join(api, project, person, "editor")
        listed = (await api.get(f"/v1/projects/{project}/members")).json()["items"]
        user = (await api.get(f"/v1/users/{person.id}")).json()
        gone = await api.delete(f"/v1/projects/{project}/members/{person.id}")
        again = await api.delete(f"/v1/projects/{project}/members/{person.id}")

        assert [(each["name"], each["role"]) for each in listed] == [
            ("admin", "admin"),
            (person.name, "editor"),
        ]
        assert user["projects"] == [{"project_id": project, "role": "editor"}]
        assert gone.status_code == 204
        problem_of(again, 404, "member_not_found")

    async def test_who_makes_a_project_is_its_admin_and_of_a_refused_one_nothing(
        self, api, gateway, room: SmallRoom
    ):
        editor = await make_account(api, "editor")
        async with signed_in(gateway, editor) as browser:
            made, refused = [await browser.post("/v1/projects", json=PROJECT) for _ in range(2)]
            me = (await browser.get("/v1/me")).json()

        assert (made.status_code, refused.status_code) == (201, 409)
        assert me["projects"] == [{"project_id": made.json()["id"], "role": "admin"}]

    async def test_nobody_joins_what_is_not_there(self, api, room: SmallRoom):
        person = await make_account(api, "editor")
        path = f"/v1/projects/{new_id()}/members/{person.id}"

        problem_of(await api.put(path, json={"role": "viewer"}), 404, "not_found")

    async def test_an_account_that_is_not_there_joins_nothing(self, api, room: SmallRoom):
        project = (await api.post("/v1/projects", json=PROJECT)).json()["id"]
        path = f"/v1/projects/{project}/members/{new_id()}"

        problem_of(await api.put(path, json={"role": "viewer"}), 404, "user_not_found")

    async def test_a_project_that_was_deleted_has_none(self, api, house: House, room: SmallRoom):
        project = (await api.post("/v1/projects", json=PROJECT)).json()["id"]
        person = await make_account(api, "editor")
        await join(api, project, person, "admin")
        await house.announce(ProjectDeleted(project_id=project, name="Cats"))

        async with asyncio.timeout(15):
            while (await api.get(f"/v1/users/{person.id}")).json()["projects"]:
                await asyncio.sleep(0.1)
