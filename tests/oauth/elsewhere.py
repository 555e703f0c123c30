"""Devices and backchannel clients for the tests: what they send, and the person's answer on the consent page."""

from typing import Any

from werkzeug.test import TestResponse

from hub.identity.origin import Origin
from hub.models.client import Client
from hub.models.decoupled import DecoupledRequest
from hub.oauth import decoupled, device, grant_types
from hub.oauth.clients import Registered
from hub.oauth.interaction import approve, deny
from tests.oauth.world import SIGN_IN_SCOPE, World

TELEVISION = "TelevisionOS/7"


def with_grant(world: World, client: Registered, *grant_types: str, **registration: Any) -> Registered:
    """The client, registered for these grant types besides refresh_token and nothing else."""
    with world.hub.db.write() as session:
        row = session.get_one(Client, client.client.client_id)
        row.grant_types = [*grant_types, "refresh_token"]
        row.registration = {**row.registration, **registration}
    return Registered(row, client.secret)


def television(world: World) -> Registered:
    """A public client that signs people in on a device."""
    made = world.register(profile="oidc", public=True, name="Television")
    return with_grant(world, made, grant_types.DEVICE)


def start(world: World, client: Registered, **form: str) -> TestResponse:
    given = {"scope": SIGN_IN_SCOPE if client.client.profile == "oidc" else " ".join(client.client.scopes)} | form
    return world.post("/oauth/device_authorization", given, client, environ_base={"HTTP_USER_AGENT": TELEVISION})


def poll(world: World, client: Registered, device_code: str, **more: Any) -> TestResponse:
    form = {"grant_type": grant_types.DEVICE, "device_code": device_code}
    return world.post("/oauth/token", form, client, **more)


def type_code(world: World, user_code: str, psu_id: str | None = None, *, ip_address: str = "192.0.2.7") -> str:
    """The handle of the consent page to which the code leads. Raises what hub.oauth.device.enter raises."""
    origin = Origin(ip_address, "Firefox")
    path = device.enter(world.hub, world.person(psu_id), user_code, origin=origin, now=world.hub.clock())
    return path.removeprefix("/consent/")


def say_yes(world: World, handle: str, client: Registered, psu_id: str | None = None) -> str:
    choice = world.choice(" ".join(client.client.scopes))
    return approve(world.hub, handle, world.person(psu_id), choice).url


def say_no(world: World, handle: str, psu_id: str | None = None) -> str:
    return deny(world.hub, handle, world.person(psu_id)).url


def rows(world: World) -> list[DecoupledRequest]:
    with world.hub.db.read() as session:
        return decoupled.waiting(session, now=world.hub.clock())
