"""Whatever is wrong with a request, the answer is a problem document that names the parameter, never a stack trace."""

import uuid

import pytest
from flask import Flask

from hub.access import declared, public
from hub.context import Hub
from hub.gate import UndeclaredRoute
from tests.api.world import READS, Caller, World
from tests.people import alice

BAD = [
    ("/v1/transactions?limit=0", "limit"),
    ("/v1/transactions?limit=501", "limit"),
    ("/v1/transactions?limit=ten", "limit"),
    ("/v1/transactions?limit=", "limit"),
    ("/v1/transactions?limit=10&limit=20", "limit"),
    ("/v1/transactions?date_from=yesterday", "date_from"),
    ("/v1/transactions?date_from=2026-02-30", "date_from"),
    ("/v1/transactions?date_from=2026-11-23&date_to=2026-11-01", "date_from"),
    ("/v1/transactions?min_amount=12,30", "min_amount"),
    ("/v1/transactions?min_amount=NaN", "min_amount"),
    ("/v1/transactions?max_amount=1e400", "max_amount"),
    ("/v1/transactions?min_amount=" + "9" * 60, "min_amount"),
    ("/v1/transactions?direction=sideways", "direction"),
    ("/v1/transactions?status=MAYBE", "status"),
    ("/v1/transactions?q=", "q"),
    ("/v1/transactions?q=" + "x" * 101, "q"),
    ("/v1/transactions?q=a%00b", "q"),
    ("/v1/transactions?q=" + "x" * 3000, "q"),
    ("/v1/transactions?after=made-up", "after"),
    ("/v1/transactions?after=eyJhIjoxfQ", "after"),
    ("/v1/transactions?account_id=" + "x" * 37, "account_id"),
    ("/v1/transactions?acount_id=1", "acount_id"),
    ("/v1/transactions?access_token=x", "access_token"),
    ("/v1/transactions/sync?cursor=made-up", "cursor"),
    ("/v1/transactions/sync?count=0", "count"),
    ("/v1/transactions/sync?count=1&count=2", "count"),
    ("/v1/accounts?page=2", "page"),
    ("/v1/balances?x=1", "x"),
    ("/v1/institutions?country=gb", "country"),
    ("/v1/institutions?country=GBR", "country"),
    ("/v1/institutions?q=" + "x" * 101, "q"),
    ("/v1/institutions?status=probably", "status"),
    ("/v1/institutions?resource=gold", "resource"),
    ("/v1/institutions?enabled=perhaps", "enabled"),
    ("/v1/institutions?limit=501", "limit"),
    ("/v1/institutions?after=nowhere", "after"),
    ("/v1/institutions?country=GB&after=n26_de", "after"),
    ("/v1/consents?all=1", "all"),
]


@pytest.fixture
def app_of_alice(world: World) -> Caller:
    psu_id = alice(world.hub)
    (account,) = world.link(psu_id, "albion", {"GB33BUKB20201555555555": "GBP"})
    world.history(account, 3)
    return world.caller(psu_id, {account: READS})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_wrong_is_named(app_of_alice: Caller) -> None:
    for path, parameter in BAD:
        answer = app_of_alice.get(path)
        assert answer.status_code == 400, (path, answer.text)
        assert answer.content_type == "application/problem+json"
        assert answer.json["parameter"] == parameter, path
        assert answer.json["detail"]
        assert "Traceback" not in answer.text
        assert len(answer.data) < 2000


def test_a_problem_is_rfc_9457_and_carries_the_interaction_id(app_of_alice: Caller) -> None:
    given = str(uuid.uuid4())
    answer = app_of_alice.get("/v1/transactions?limit=0", **{"x-fapi-interaction-id": given})
    assert answer.headers["x-fapi-interaction-id"] == given
    assert answer.json["instance"] == f"urn:uuid:{given}"
    assert answer.json["type"].endswith("#bad-input")
    assert answer.json["status"] == 400


@pytest.mark.parametrize("given", ["", "1", "x" * 500, "<script>", "a\tb"])
def test_a_made_up_interaction_id_is_replaced(app_of_alice: Caller, given: str) -> None:
    answer = app_of_alice.get("/v1/accounts", **{"x-fapi-interaction-id": given})
    assert answer.headers["x-fapi-interaction-id"] != given
    uuid.UUID(answer.headers["x-fapi-interaction-id"])


def test_no_token_a_wrong_token_and_a_token_in_the_address(world: World, app_of_alice: Caller) -> None:
    http = world.app.test_client()
    bare = http.get("/v1/accounts")
    assert bare.status_code == 401
    assert bare.headers.getlist("WWW-Authenticate")[1].startswith('Bearer realm="rialto", resource_metadata=')
    wrong = http.get("/v1/accounts", headers={"Authorization": "Bearer nonsense"})
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["WWW-Authenticate"]
    assert http.get(f"/v1/accounts?access_token={app_of_alice.token}").status_code == 401
    assert http.get("/v1/accounts", headers=app_of_alice.shown("/v1/accounts", "GET")).status_code == 200
    assert http.get("/v1/accounts", headers={"Authorization": f"Basic {app_of_alice.token}"}).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("POST", "/v1/accounts", 405),
        ("PUT", "/v1/transactions", 405),
        ("DELETE", "/v1/accounts/1", 405),
        ("GET", "/v1/accounts/../../etc/passwd", 404),
        ("GET", "/v1/institutions/nowhere", 404),
    ],
)
def test_wrong_addresses_and_methods_are_problems_too(
    app_of_alice: Caller, method: str, path: str, status: int
) -> None:
    answer = app_of_alice.http.open(path, method=method, headers=app_of_alice.shown(path, method))
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_an_unforeseen_error_tells_nothing_but_its_reference(hub: Hub, app: Flask) -> None:
    @app.get("/v1/broken")
    @public
    def broken() -> str:
        raise ZeroDivisionError("the secret is hunter-two")

    answer = app.test_client().get("/v1/broken")
    assert answer.status_code == 500
    assert "hunter-two" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.get_json()["instance"] == f"urn:uuid:{answer.headers['x-fapi-interaction-id']}"


def test_rate_limit_headers_count_down_and_then_refuse(world: World, app_of_alice: Caller) -> None:
    limiter = world.app.extensions["rialto.limiter"]
    stopped = limiter._timer()
    limiter._timer = lambda: stopped  # ten a second grow back, and a loaded machine takes a second over a request
    first = app_of_alice.get("/v1/accounts").headers
    second = app_of_alice.get("/v1/accounts").headers
    assert int(first["RateLimit-Limit"]) == world.hub.settings.rate_limit_per_minute
    assert int(second["RateLimit-Remaining"]) == int(first["RateLimit-Remaining"]) - 1
    while limiter.take(app_of_alice.client_id).retry_after_s == 0:
        pass
    refused = app_of_alice.get("/v1/accounts")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json["type"].endswith("#too-many-requests")


def test_every_route_declares_who_may_call_it(app: Flask) -> None:
    undeclared = [rule.rule for rule in app.url_map.iter_rules() if declared(app.view_functions[rule.endpoint]) is None]
    assert undeclared == ["/static/<path:filename>"]


def test_a_route_that_declares_nothing_is_refused(app: Flask) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/v1/forgotten")
    def forgotten() -> str:
        return "everything"

    answer = app.test_client().get("/v1/forgotten")
    assert answer.status_code == 500
    assert "everything" not in answer.text
    assert issubclass(UndeclaredRoute, Exception)
