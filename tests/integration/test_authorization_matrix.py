"""Every route for every role, exactly as the matrix says; and whose rows each of them sees."""

from __future__ import annotations

import asyncio
import re
import time
from uuid import uuid4

import jwt
import pytest
from fastapi import APIRouter

from api import app as composition
from api.authorization import ANYONE, MATRIX, USERS, Role
from api.local_issuer import ISSUER, local_key, local_user_id
from cluster.errors import CreatorNotFound
from tests.fixtures_api import calling, own_api, working

pytestmark = pytest.mark.anyio
CREATOR = "matrix.creator"
SIGNED_IN = sorted(USERS)
ROWS = sorted({rule.rows for rule in MATRIX.values()})


@pytest.fixture(scope="module")
async def jobs_of(api):
    """A user of each role with access to a creator and an ended lookup of another; the lookups' ids."""
    found = {}
    async with calling(api) as client, working(api) as worker:
        profile_id = await worker.store(CREATOR)
        for role in SIGNED_IN:
            user = user_of(role)
            answer = await client.get(f"/api/v1/search/creator/{lookup_of(role)}?wait=0", as_user=user)
            assert answer.status_code == 202
            found[role] = answer.json()["id"]
            await worker.give_role(user, role)
            await worker.grant(user, profile_id)
            await worker.claim(lookup_of(role))
            await worker.fail(lookup_of(role), CreatorNotFound())
    api.app.state.services.roles._known.clear()
    return found


def user_of(role):
    return f"matrix-{role}"


def lookup_of(role):
    return f"matrix.{role}"


def path_of(method, route, role, jobs_of):
    """An address of that route which has something for a user of that role."""
    if "{username" in route:
        username = lookup_of(role) if route.endswith("/events") else CREATOR
        return route.replace("{username:path}", username)
    return route.replace("{job_id}", jobs_of.get(role, str(uuid4()))).replace("{key:path}", f"ab/ab{'0' * 62}.webp")


def service_token(api):
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "authenticated", "sub": "service", "role": "service_role"}
    return jwt.encode({**claims, "iat": now, "exp": now + 60}, local_key(api.settings.home), algorithm="HS256")


def call_as(client, api, method, path, role):
    if role is Role.ANONYMOUS:
        return client.call(method, path)
    if role is Role.SERVICE:
        return client.call(method, path, headers={"Authorization": f"Bearer {service_token(api)}"})
    return client.call(method, path, as_user=user_of(role))


@pytest.mark.parametrize("role", sorted(Role))
@pytest.mark.parametrize(("method", "route"), sorted(MATRIX))
async def test_a_route_lets_through_the_roles_of_its_row_and_nobody_else(api, client, jobs_of, method, route, role):
    answer = await call_as(client, api, method, path_of(method, route, role, jobs_of), role)

    if role in MATRIX[method, route].roles:
        reached = {"/api/health": {200, 503}, "/media/{key:path}": {404}}  # no cluster runs here, and no such picture
        assert answer.status_code in reached.get(route, {200})
    else:
        expected = (401, "unauthenticated") if role is Role.ANONYMOUS else (403, "forbidden")
        assert (answer.status_code, answer.json()["code"]) == expected


@pytest.mark.parametrize("role", SIGNED_IN)
async def test_no_role_reads_the_lookups_and_creators_of_another_user(client, jobs_of, worker, role):
    """Support and admins have routes of their own for that."""
    stranger, name = f"matrix-stranger-{role}", lookup_of(role)
    await client.get("/api/v1/auth/me", as_user=stranger)
    await worker.give_role(stranger, role)

    job = await client.get(f"/api/v1/search/jobs/{jobs_of[role]}", as_user=stranger)
    events = await client.get(f"/api/v1/search/creator/{name}/events", as_user=stranger)
    posts = await client.get(f"/api/profile/{CREATOR}/posts", as_user=stranger)
    answer = await client.get(f"/api/v1/search/creator/{CREATOR}?wait=0", as_user=stranger)
    me = await client.get("/api/v1/auth/me", as_user=stranger)

    assert [job.status_code, events.status_code, posts.status_code, answer.status_code] == [404, 404, 403, 202]
    assert me.json()["user_id"] == str(local_user_id(stranger))


async def test_a_user_with_the_services_role_still_reads_no_creators(client, worker, name):
    """Only a service token is the service; rows would stay closed anyway."""
    await client.get("/api/v1/auth/me", as_user=name)
    await worker.give_role(name, "service")

    statuses = {(await client.get(f"/api/profile/{CREATOR}/posts", as_user=name)).status_code for _ in range(2)}

    assert statuses == {403}


async def test_a_suspended_user_is_refused(client, worker, name):
    user_id = local_user_id(name)
    await worker.execute(
        "insert into auth.users (id, aud, role) values ($1, 'authenticated', 'authenticated')", user_id
    )
    await worker.execute("insert into users (supabase_user_id, status) values ($1, 'suspended')", user_id)

    answer = await client.get("/api/v1/auth/me", as_user=name)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_changed_roles_and_suspensions_take_effect_within_their_time(
    postgres_server, template_urls, valkey_server, name
):
    ttl_s = 0.3
    with own_api(postgres_server, template_urls, valkey_server.url, auth={"role_ttl_s": ttl_s}) as api:
        async with calling(api) as client, working(api) as worker:
            seen = [(await client.get("/api/v1/auth/me", as_user=name)).json()["role"]]
            await worker.give_role(name, "premium")
            seen.append(await role_after(client, name, ttl_s))
            await worker.execute("delete from user_roles where user_id = $1 and role = 'premium'", local_user_id(name))
            seen.append(await role_after(client, name, ttl_s))
            await worker.execute(
                "update users set status = 'suspended' where supabase_user_id = $1", local_user_id(name)
            )
            seen.append(await role_after(client, name, ttl_s))

    assert seen == ["free", "premium", "free", None]


async def role_after(client, name, seconds):
    await asyncio.sleep(seconds)
    return (await client.get("/api/v1/auth/me", as_user=name)).json().get("role")


def test_a_route_without_a_row_does_not_start(api, monkeypatch):
    router = APIRouter()
    router.get("/api/v1/forgotten")(lambda: None)
    monkeypatch.setattr(composition, "ROUTERS", (*composition.ROUTERS, router))

    with pytest.raises(AssertionError, match="/api/v1/forgotten"):
        composition.create_app(api.settings, in_serve=False)


def test_a_row_without_a_route_does_not_start(api, monkeypatch):
    monkeypatch.setitem(MATRIX, ("GET", "/api/v1/gone"), MATRIX["GET", "/api/v1/auth/me"])

    with pytest.raises(AssertionError, match="/api/v1/gone"):
        composition.create_app(api.settings, in_serve=False)


def test_every_row_says_which_data_it_shows():
    assert all(rule.rows and rule.roles <= ANYONE for rule in MATRIX.values())
    assert not [route for _, route in MATRIX if not re.match(r"/(api|instagram|media)/", route)]
