"""What the authorisation server costs: tokens, introspection, pushed requests, and whole authorisations.

    python -m bench.identity [--requests 1500] [--connections 8] [--postgres] [--save]

A hub with one web process; keep-alive connections send requests that were signed beforehand. CPU is that of the web
process, user and system, so neither the clients nor, on PostgreSQL, the database server is in it. The floor in the same
run is /livez: the same server, Flask and the rim, and no work. The rate limit is lifted; everything else is as shipped.

A whole authorisation is five requests: push, authorize, the page that finds a standing consent and answers, the token,
and a reading of userinfo; three assertions or proofs are verified and burnt, two tokens are signed.
"""

import argparse
import base64
import http.client
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson

from bench.process import cpu_s, rss_mib
from consent.model import Permission
from hub import context
from hub.identity import cookies, people, sessions
from hub.identity.origin import UNKNOWN
from hub.models.client import Client
from hub.oauth.authenticate import ASSERTION_TYPE
from hub.oauth.clients import Registered
from hub.oauth.interaction import Choice, approve
from hub.settings import from_environ
from hub.stack import Stack
from tests import postgres
from tests.oauth.signing import ClientKey
from tests.oauth.world import s256
from tests.registered import registered

RESULTS = Path(__file__).parent / "results" / "identity.txt"
CALLBACK, VERIFIER = "https://bench.example/cb", "v" * 43
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Connection = http.client.HTTPConnection
Job = Callable[[Connection], None]


@dataclass
class World:
    """A hub with a person, a client with a secret, one with a key for sign-in, and a FAPI 2.0 client."""

    stack: Stack
    hub: context.Hub
    secret: Registered
    keyed: Registered
    fapi: Registered
    key: ClientKey
    cookie: str
    nonce: str = ""

    def assertion(self, client: Registered) -> dict[str, str]:
        client_id, now = client.client.client_id, datetime.now(UTC)
        signed = self.key.assertion(client_id=client_id, issuer=self.stack.url, now=now)
        return {"client_assertion": signed, "client_assertion_type": ASSERTION_TYPE}

    def proof(self, method: str, path: str, access_token: str | None = None) -> dict[str, str]:
        url, now = self.stack.url + path, datetime.now(UTC)
        made = self.key.proof(method=method, url=url, now=now, access_token=access_token, nonce=self.nonce)
        return {"DPoP": made}


def build(stack: Stack) -> World:
    hub = context.build(from_environ(stack.child_environ()))
    now = hub.clock()
    psu_id = people.register(
        hub, name="Alice", email="alice@bench.example", password="the-bridge-of-sighs", origin=UNKNOWN, now=now
    )
    key = ClientKey.make()
    with hub.db.write() as session:
        made = [
            registered(
                session,
                owner_psu_id=psu_id,
                name="Bench",
                site_uri=None,
                redirect_uris=[CALLBACK],
                public=False,
                scopes=["openid", "profile"],
                description="",
                now=now,
            )
            for _ in range(3)
        ]
        for one in made[1:]:
            one.client.token_endpoint_auth_method, one.client.jwks = "private_key_jwt", key.jwks()
        made[2].client.profile = "fapi2"
        made[2].client.registration = {"dpop_bound_access_tokens": True}
        browser = sessions.start(session, psu_id, amr=("pwd",), origin=UNKNOWN, now=now, settings=hub.settings)
    world = World(stack, hub, made[0], made[1], made[2], key, f"{cookies.session_name(hub.settings)}={browser}")
    connection = _open(stack)
    answer = _send(connection, "GET", "/oauth/userinfo", world.proof("GET", "/oauth/userinfo"))
    world.nonce = answer[1]["dpop-nonce"]
    _first_yes(world, browser)
    return world


def _first_yes(world: World, browser: str) -> None:
    """The person allows the app once; from then on a standing consent answers."""
    hub = world.hub
    handle = _pushed_page(world, _open(world.stack)).removeprefix("/consent/")
    person = sessions.load(hub, browser, hub.clock())
    assert person is not None
    until = hub.clock().replace(year=hub.clock().year + 1, month=1, day=1)
    approve(hub, handle, person, Choice({}, frozenset({Permission.SIGN_IN, Permission.PROFILE}), until))


def _open(stack: Stack) -> Connection:
    return http.client.HTTPConnection("127.0.0.1", stack.port)


def _send(
    connection: Connection, method: str, path: str, headers: dict[str, str], body: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def _must(answer: tuple[int, dict[str, str], bytes], status: int) -> tuple[int, dict[str, str], bytes]:
    if answer[0] != status:
        raise RuntimeError(f"{answer[0]} {answer[2][:300]!r}")
    return answer


def post(path: str, form: dict[str, str], headers: dict[str, str], status: int = 200) -> Job:
    body = urlencode(form)
    return lambda connection: void(_must(_send(connection, "POST", path, FORM | headers, body), status))


def void(_value: object) -> None:
    """A job answers nothing."""


def _request(client: Client) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "code_challenge": s256(VERIFIER),
        "code_challenge_method": "S256",
    }


def _pushed_page(world: World, connection: Connection) -> str:
    form = _request(world.fapi.client) | world.assertion(world.fapi)
    headers = FORM | world.proof("POST", "/oauth/par")
    pushed = orjson.loads(_must(_send(connection, "POST", "/oauth/par", headers, urlencode(form)), 201)[2])
    asked = urlencode({"client_id": world.fapi.client.client_id, "request_uri": pushed["request_uri"]})
    return _must(_send(connection, "GET", f"/oauth/authorize?{asked}", {}), 303)[1]["location"]


def authorisation(world: World) -> Job:
    def run(connection: Connection) -> None:
        page = _pushed_page(world, connection)
        back = _must(_send(connection, "GET", page, {"Cookie": world.cookie}), 303)[1]["location"]
        form = {
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(back).query)["code"][0],
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | world.assertion(world.fapi)
        headers = FORM | world.proof("POST", "/oauth/token")
        token = orjson.loads(_must(_send(connection, "POST", "/oauth/token", headers, urlencode(form)), 200)[2])
        shown = {"Authorization": f"DPoP {token['access_token']}"}
        proof = world.proof("GET", "/oauth/userinfo", token["access_token"])
        _must(_send(connection, "GET", "/oauth/userinfo", shown | proof), 200)

    return run


def loads(world: World, count: int) -> dict[str, Callable[[], Sequence[Job]]]:
    """Name -> makes the jobs of one load, freshly signed."""
    basic = {"Authorization": _basic(world.secret)}
    grant = {"grant_type": "client_credentials"}
    fapi_request = _request(world.fapi.client)

    def own_token() -> str:
        answer = _send(_open(world.stack), "POST", "/oauth/token", FORM | basic, urlencode(grant))
        return str(orjson.loads(_must(answer, 200)[2])["access_token"])

    def introspect() -> Sequence[Job]:
        return [post("/oauth/introspect", {"token": own_token()}, basic)] * count

    return {
        "floor: /livez": lambda: [lambda connection: void(_must(_send(connection, "GET", "/livez", {}), 200))] * count,
        "client credentials, secret": lambda: [post("/oauth/token", grant, basic)] * count,
        "client credentials, private_key_jwt": lambda: [
            post("/oauth/token", grant | world.assertion(world.keyed), {}) for _ in range(count)
        ],
        "the same, bound by DPoP (FAPI 2.0)": lambda: [
            post("/oauth/token", grant | world.assertion(world.fapi), world.proof("POST", "/oauth/token"))
            for _ in range(count)
        ],
        "introspection": introspect,
        "pushed request (FAPI 2.0, DPoP)": lambda: [
            post("/oauth/par", fapi_request | world.assertion(world.fapi), world.proof("POST", "/oauth/par"), 201)
            for _ in range(count)
        ],
        "whole authorisation (5 requests)": lambda: [authorisation(world)] * max(50, count // 8),
    }


def _basic(client: Registered) -> str:
    credentials = f"{client.client.client_id}:{client.secret}".encode()
    return "Basic " + base64.b64encode(credentials).decode()


def drive(world: World, jobs: Sequence[Job], connections: int) -> tuple[float, list[float], float]:
    """(CPU ms a job of the web process, wall ms of each, jobs a second)."""
    walls: list[float] = []
    waiting = iter(jobs)
    lock = threading.Lock()
    failed: list[BaseException] = []

    def work() -> None:
        connection = _open(world.stack)
        while not failed:
            with lock:
                job = next(waiting, None)
            if job is None:
                return
            began = time.perf_counter()
            try:
                job(connection)
            except BaseException as error:
                failed.append(error)
                return
            walls.append((time.perf_counter() - began) * 1000)

    pid = world.stack.pid("web")
    threads = [threading.Thread(target=work) for _ in range(connections)]
    before, began = cpu_s(pid), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used, took = cpu_s(pid) - before, time.perf_counter() - began
    if failed:
        raise failed[0]
    return used * 1000 / len(jobs), walls, len(jobs) / took


def run(count: int, connections: int, database_url: str | None) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="rialto-bench-") as folder:
        environ = {"RIALTO_RATE_LIMIT_PER_MINUTE": "100000000", "RIALTO_LOG_LEVEL": "WARNING"}
        if database_url:
            environ["DATABASE_URL"] = database_url
        stack = Stack(data_dir=Path(folder), web_workers=1, sandbox=(), environ=environ)
        lines, floor = [], 0.0
        with stack.up():
            world = build(stack)
            for name, make in loads(world, count).items():
                drive(world, make()[:50], connections)
                used, walls, rate = drive(world, make(), connections)
                floor = floor or used
                p99 = statistics.quantiles(walls, n=100)[98]
                lines.append(
                    f"{name:38} {used:6.2f} ms CPU {used / floor:5.1f} x floor   {rate:6.0f}/s"
                    f"   p50 {statistics.median(walls):6.1f} ms   p99 {p99:6.1f} ms"
                )
            lines.append(f"memory of the web process: {rss_mib(stack.pid('web')):.0f} MiB")
            world.hub.close()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=1500)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--postgres", action="store_true", help="also on a PostgreSQL started for this run")
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    report = [f"{given.requests} requests each over {given.connections} connections, one web process"]
    report += ["", "SQLite", *run(given.requests, given.connections, None)]
    if given.postgres:
        with postgres.cluster() as cluster, postgres.database(cluster, "bench_identity") as url:
            report += ["", "PostgreSQL", *run(given.requests, given.connections, url)]
    text = "\n".join(report)
    print(text)
    if given.save:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(text + "\n")


if __name__ == "__main__":
    main()
