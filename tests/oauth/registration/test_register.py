"""Dynamic registration over HTTP (RFC 7591), and what attackers send there.

Names in brackets are the conformance suite's modules that ask the same.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select

from hub.hashing import secret_hash
from hub.models.client import Client
from hub.models.registration import InitialAccessToken
from hub.models.signal import Signal
from hub.oauth.policy import Profile
from hub.oauth.registration import initial_tokens
from tests.conftest import TestClock
from tests.oauth.registration.conftest import Registry
from tests.oauth.registration.documents import CALLBACK, bank_data, jwks, key, public, sign_in


def row(registry: Registry, client_id: str) -> Client:
    with registry.hub.db.read() as session:
        return session.get_one(Client, client_id)


def refusal(answer: Any) -> tuple[int, str, str]:
    """Status, error, and the member that the description begins with."""
    body = answer.get_json()
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, body["error"], body["error_description"].partition(":")[0]


def test_a_client_registers_itself_and_is_told_everything_once(registry: Registry) -> None:
    answer = registry.post(sign_in(tos_uri="https://nest.example/terms"))
    told = answer.get_json()
    assert answer.status_code == 201
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert told["client_id_issued_at"] == int(registry.hub.clock().timestamp())
    assert told["client_secret_expires_at"] == 0
    assert told["registration_client_uri"] == f"http://127.0.0.1:8000/oauth/register/{told['client_id']}"
    assert (told["response_types"], told["tos_uri"]) == (["code"], "https://nest.example/terms")
    kept = row(registry, told["client_id"])
    assert kept.secret_hash == secret_hash(told["client_secret"])
    assert kept.registration_token_hash == secret_hash(told["registration_access_token"])
    assert (kept.owner_psu_id, kept.verified_at, kept.profile) == (None, None, "oidc")
    with registry.hub.db.read() as session:
        event = session.scalars(select(Signal).where(Signal.subject_id == told["client_id"])).one()
    assert event.kind == "client.registered"


def test_a_client_with_a_key_gets_no_secret(registry: Registry) -> None:
    told = registry.register(bank_data())
    assert "client_secret" not in told
    assert "client_secret_expires_at" not in told
    assert told["jwks"] == jwks()
    kept = row(registry, told["client_id"])
    assert (kept.profile, kept.secret_hash) == ("fapi2", None)
    assert kept.registration["dpop_bound_access_tokens"] is True


def test_the_secret_works_at_the_token_endpoint(registry: Registry) -> None:
    told = registry.register(sign_in(grant_types=["client_credentials"], response_types=[]))
    basic = {"auth": (told["client_id"], told["client_secret"]), "data": {"grant_type": "client_credentials"}}
    assert registry.app.test_client().post("/oauth/token", **basic).status_code == 200


@pytest.mark.parametrize("member", ["logo_uri", "policy_uri", "tos_uri", "client_uri"])
def test_pages_for_people_are_kept_and_never_fetched(registry: Registry, member: str) -> None:
    """[oidcc-registration-logo-uri, oidcc-registration-policy-uri, oidcc-registration-tos-uri]"""
    told = registry.register(sign_in(**{member: "https://nest.example/page.png"}))
    assert told[member] == "https://nest.example/page.png"
    assert registry.asked == []


def test_redirect_uris_with_a_query_are_kept_to_the_letter(registry: Registry) -> None:
    """[oidcc-redirect-uri-query-OK]"""
    uris = [CALLBACK, f"{CALLBACK}?dummy1=lorem&dummy2=ipsum"]
    assert registry.register(sign_in(redirect_uris=uris))["redirect_uris"] == uris


def test_a_redirect_uri_with_a_fragment_is_refused(registry: Registry) -> None:
    """[oidcc-redirect-uri-regfrag]"""
    answer = registry.post(sign_in(redirect_uris=[f"{CALLBACK}#foobar"]))
    assert refusal(answer) == (400, "invalid_redirect_uri", "redirect_uris")


@pytest.mark.parametrize("uris", [None, [], ["http://nest.example/cb"], ["javascript:alert(1)//"], ["data:,x"]])
def test_no_redirect_uri_or_a_bad_one_is_refused(registry: Registry, uris: Any) -> None:
    """[brazil-dcr-no-redirect-uri, brazil-dcr-invalid-redirect-uri]"""
    assert refusal(registry.post(bank_data(redirect_uris=uris))) == (400, "invalid_redirect_uri", "redirect_uris")


def test_keys_by_address_are_read_and_checked(registry: Registry) -> None:
    """[oidcc-registration-jwks-uri]"""
    url = registry.publish("https://nest.example/jwks", jwks())
    told = registry.register(bank_data(jwks=None, jwks_uri=url))
    assert (told["jwks_uri"], registry.asked) == (url, [url])
    assert "jwks" not in told


BAD_KEY_SETS: list[Any] = [
    {"keys": []},
    {"keys": "none"},
    [],
    b"<html>",
    b'{"keys":[],"keys":[]}',
    jwks(key().as_dict(private=True)),
    jwks(public("1024")),
    jwks(public("2048", alg="RS256")),
    jwks(public(), public("2048")),
]


@pytest.mark.parametrize("document", BAD_KEY_SETS, ids=range(len(BAD_KEY_SETS)))
def test_bad_keys_are_refused_wherever_they_are(registry: Registry, document: Any) -> None:
    """[brazil-dcr-invalid-jwks-uri, brazil-dcr-invalid-jwks-by-value]"""
    url = registry.publish("https://nest.example/jwks", document)
    answer = registry.post(bank_data(jwks=None, jwks_uri=url))
    assert refusal(answer) == (400, "invalid_client_metadata", "jwks_uri")
    if isinstance(document, dict):
        assert refusal(registry.post(bank_data(jwks=document))) == (400, "invalid_client_metadata", "jwks")


def test_a_jwks_uri_where_nothing_is_is_refused(registry: Registry) -> None:
    """[brazil-dcr-invalid-jwks-uri]"""
    answer = registry.post(bank_data(jwks=None, jwks_uri="https://nest.example/nothing"))
    assert refusal(answer) == (400, "invalid_client_metadata", "jwks_uri")


def test_a_sector_that_lists_every_redirect_uri_makes_the_subs(registry: Registry) -> None:
    """[oidcc-registration-sector-uri]"""
    uris = [CALLBACK, "https://other.example/cb"]
    url = registry.publish("https://sector.example/uris.json", [*uris, "https://third.example/"])
    told = registry.register(sign_in(redirect_uris=uris, sector_identifier_uri=url, subject_type="pairwise"))
    assert row(registry, told["client_id"]).sector == "sector.example"
    assert told["sector_identifier_uri"] == url


@pytest.mark.parametrize("listed", [["https://other.example/cb"], {}, [7], b"nonsense", []])
def test_a_sector_that_does_not_list_them_is_refused(registry: Registry, listed: Any) -> None:
    """[oidcc-registration-sector-bad]"""
    url = registry.publish("https://sector.example/uris.json", listed)
    answer = registry.post(sign_in(sector_identifier_uri=url))
    assert refusal(answer) == (400, "invalid_client_metadata", "sector_identifier_uri")


CIBA: dict[str, Any] = {
    "redirect_uris": None,
    "grant_types": ["urn:openid:params:grant-type:ciba"],
    "backchannel_token_delivery_mode": "poll",
    "jwks": None,
}
DEVICE = {"redirect_uris": None, "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]}
KEYS, SECTOR = "https://keys.nest.example/jwks", "https://sector.example/uris.json"


def test_keys_that_a_client_without_redirect_uris_proves_itself_with_make_its_sector(registry: Registry) -> None:
    """CIBA 4: nobody else can authenticate with a key that is published there."""
    registry.publish(KEYS, jwks())
    told = registry.register(bank_data(**CIBA, jwks_uri=KEYS))
    assert row(registry, told["client_id"]).sector == "keys.nest.example"
    registry.publish(SECTOR, [KEYS])
    told = registry.register(bank_data(**CIBA, jwks_uri=KEYS, sector_identifier_uri=SECTOR))
    assert row(registry, told["client_id"]).sector == "sector.example"
    told = registry.register(bank_data(jwks=None, jwks_uri=KEYS))
    assert row(registry, told["client_id"]).sector == "nest.example"  # its redirect URIs come first


def test_a_client_that_proves_no_host_is_a_sector_of_its_own(registry: Registry) -> None:
    """Whoever names a stranger's keys, or has keys of nobody's host, gets subs that nobody else has."""
    registry.publish(KEYS, jwks(public(use="enc")))
    by_secret = sign_in(**DEVICE, jwks_uri=KEYS)
    by_nothing = sign_in(**DEVICE, token_endpoint_auth_method="none")
    by_value = bank_data(**CIBA | {"jwks": jwks()})
    for document in (by_secret, by_nothing, by_value):
        client_id = registry.register(document)["client_id"]
        assert row(registry, client_id).sector == client_id


def test_keys_that_a_directory_publishes_for_everybody_are_no_sector(registry: Registry) -> None:
    url = "https://keys.directory.example/nest-egg"
    registry.publish(url, jwks())
    registry.trust()
    stated = registry.statement(grant_types=CIBA["grant_types"])
    told = registry.register(bank_data(**CIBA | {"redirect_uris": []}, software_statement=stated))
    assert (told["jwks_uri"], row(registry, told["client_id"]).sector) == (url, told["client_id"])


@pytest.mark.parametrize(
    "document",
    [
        sign_in(**DEVICE),
        sign_in(**DEVICE, token_endpoint_auth_method="none"),
        sign_in(**DEVICE, jwks_uri=KEYS),
        sign_in(redirect_uris=None, grant_types=["client_credentials"]),
        bank_data(**CIBA | {"jwks": jwks()}),
        bank_data(**CIBA, jwks_uri=KEYS),
        bank_data(**CIBA | {"grant_types": [*CIBA["grant_types"], "authorization_code"]}, jwks_uri=KEYS)
        | {"redirect_uris": [CALLBACK]},
    ],
    ids=range(7),
)
def test_a_strangers_sector_is_not_had_by_naming_nothing_that_it_could_list(
    registry: Registry, document: dict[str, Any]
) -> None:
    """Its subs are people's names at somebody else's app, which lists only what is its own."""
    registry.publish(KEYS, jwks(public(), public(kid="e", use="enc")))
    registry.publish(SECTOR, [CALLBACK, "https://victim.example/jwks"])
    answer = registry.post(document | {"sector_identifier_uri": SECTOR})
    assert refusal(answer) == (400, "invalid_client_metadata", "sector_identifier_uri")


def test_several_hosts_need_a_sector_that_names_them(registry: Registry) -> None:
    """OpenID Connect Core 8.1."""
    uris = [CALLBACK, "https://other.example/cb"]
    answer = registry.post(sign_in(redirect_uris=uris))
    assert refusal(answer) == (400, "invalid_client_metadata", "sector_identifier_uri")
    shouted = registry.post(sign_in(redirect_uris=[CALLBACK, "HTTPS://other.example/cb"]))
    assert refusal(shouted) == (400, "invalid_client_metadata", "sector_identifier_uri")
    told = registry.register(sign_in(redirect_uris=[CALLBACK, "http://127.0.0.1/cb"]))  # an app and its site
    assert row(registry, told["client_id"]).sector == told["client_id"]


def test_a_refused_registration_leaves_nothing_behind(registry: Registry) -> None:
    registry.post(sign_in(redirect_uris=[]))
    with registry.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Client)) == 0
        assert session.scalar(select(func.count()).select_from(Signal)) == 0


UNREADABLE: list[tuple[dict[str, Any], bytes]] = [
    ({}, b""),
    ({}, b"[]"),
    ({}, b"null"),
    ({}, b'{"redirect_uris": ["https://nest.example/cb"'),
    ({}, b'{"client_name": "Nest", "client_name": "Egg", "redirect_uris": ["https://nest.example/cb"]}'),
    ({}, b'{"redirect_uris": ["https://nest.example/cb"], "x": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
    ({}, b'{"redirect_uris": ["https://nest.example/cb"], "x": "' + b"y" * 65_536 + b'"}'),
    ({}, b'{"redirect_uris": ["https://nest.example/\xff"]}'),
    ({}, b'{"redirect_uris": ["https://nest.example/cb"], "default_max_age": NaN}'),
    ({"content_type": "application/x-www-form-urlencoded"}, orjson.dumps(sign_in())),
    ({"query_string": {"access_token": "x"}}, orjson.dumps(sign_in())),
]


@pytest.mark.parametrize(("more", "body"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_in_one_way_only_is_refused(registry: Registry, more: dict[str, Any], body: bytes) -> None:
    answer = registry.post(body, **more)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")


def test_a_client_chooses_neither_its_id_nor_its_secret(registry: Registry) -> None:
    mine = {"client_id": "rialto", "client_secret": "hunter2", "profile": "resource_server", "verified_at": 1}
    told = registry.register(sign_in() | mine | {"trust_anchor": "Directory", "registration_access_token": "x"})
    assert told["client_id"] != "rialto"
    assert told["client_secret"] != "hunter2"
    kept = row(registry, told["client_id"])
    assert (kept.profile, kept.verified_at, kept.trust_anchor) == ("oidc", None, None)


def test_other_methods_are_not_answered(registry: Registry) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert registry.app.test_client().open("/oauth/register", method=method).status_code == 405


# --- who may register ----------------------------------------------------------------------------------------------


def test_a_public_hub_wants_an_initial_access_token(registry: Registry) -> None:
    public_hub = registry.configured(base_url="https://hub.example")
    answer = public_hub.post(sign_in(), base_url="https://hub.example")
    assert refusal(answer)[:2] == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="rialto"'
    token = public_hub.initial()
    bearer = {"Authorization": f"Bearer {token}"}
    assert public_hub.post(sign_in(), base_url="https://hub.example", headers=bearer).status_code == 201


def test_a_closed_hub_registers_nobody(registry: Registry) -> None:
    closed = registry.configured(registration="closed")
    assert refusal(closed.post(sign_in(), token=registry.initial()))[:2] == (403, "access_denied")


def test_an_initial_access_token_is_good_for_its_uses_and_days_only(registry: Registry, clock: TestClock) -> None:
    by_token = registry.configured(registration="token")
    twice, short, revoked = registry.initial(uses=2), registry.initial(days=1), registry.initial()
    with registry.hub.db.write() as session:
        made = session.scalars(select(InitialAccessToken)).all()
        of_revoked = next(one for one in made if one.token_hash == secret_hash(revoked))
        initial_tokens.revoke(session, of_revoked.id, clock())
    assert [by_token.post(sign_in(), token=twice).status_code for _ in range(3)] == [201, 201, 401]
    assert by_token.post(sign_in(), token=revoked).status_code == 401
    clock.advance(days=1)
    assert by_token.post(sign_in(), token=short).status_code == 401


def test_a_bad_token_is_refused_where_none_is_needed_and_nothing_is_fetched_for_it(registry: Registry) -> None:
    url = registry.publish("https://nest.example/jwks", jwks())
    answer = registry.post(bank_data(jwks=None, jwks_uri=url), token="nobody's")
    assert answer.status_code == 401
    assert registry.asked == []


def test_a_refused_registration_uses_nothing_up(registry: Registry) -> None:
    by_token, token = registry.configured(registration="token"), registry.initial(uses=1)
    assert by_token.post(sign_in(redirect_uris=[]), token=token).status_code == 400
    assert by_token.post(sign_in(), token=token).status_code == 201


def test_of_many_at_once_only_so_many_register_as_the_token_has_uses(registry: Registry) -> None:
    by_token, token = registry.configured(registration="token"), registry.initial(uses=3)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: by_token.post(sign_in(), token=token).status_code, range(20)))
    assert (answers.count(201), answers.count(401)) == (3, 17)
    with registry.hub.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Client)) == 3
        assert session.scalars(select(InitialAccessToken.uses_left)).one() == 0


def test_a_token_for_one_profile_registers_no_other(registry: Registry) -> None:
    signing_in = registry.initial(uses=9, profile=Profile.OIDC)
    data = registry.initial(uses=9, profile=Profile.FAPI2)
    assert refusal(registry.post(bank_data(), token=signing_in)) == (400, "invalid_client_metadata", "scope")
    assert registry.register(sign_in(), token=signing_in)["token_endpoint_auth_method"] == "client_secret_basic"
    assert registry.post(sign_in(token_endpoint_auth_method="none"), token=data).status_code == 400
    told = registry.register(bank_data(scope="openid"), token=data)
    assert row(registry, told["client_id"]).profile == "fapi2"


def test_one_network_registers_so_many_a_minute(registry: Registry) -> None:
    slow = registry.configured(registrations_per_minute=2)
    places = ("2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3")
    answers = [slow.post(sign_in(), environ_overrides={"REMOTE_ADDR": place}) for place in places]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert answers[2].get_json()["error"] == "temporarily_unavailable"


def test_no_secret_reaches_a_log_or_an_event(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    initial = registry.initial()
    told = registry.register(sign_in(), token=initial)
    again = registry.call(
        "PUT", told["client_id"], told["registration_access_token"], sign_in(client_id=told["client_id"])
    )
    secrets = [
        initial,
        told["client_secret"],
        told["registration_access_token"],
        again.get_json()["registration_access_token"],
    ]
    registry.post(sign_in(redirect_uris=[]) | {"client_secret": told["client_secret"]}, token=initial)
    with registry.hub.db.read() as session:
        events = [repr((one.subject_id, one.body)) for one in session.scalars(select(Signal))]
    written = caplog.text + "".join(str(record.__dict__) for record in caplog.records) + "".join(events)
    assert "answered" in written
    assert [secret for secret in secrets if secret in written] == []


def test_a_reader_of_the_metadata_cannot_make_the_hub_call_inside(registry: Registry) -> None:
    """What is refused by its text alone never reaches the network (SSRF); the rest is hub.outbound's."""
    for url in (
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "https://user:secret@nest.example/",
        "https://nest.example\\@127.0.0.1/",
        "//nest.example/jwks",
        "https://nest.example/\r\nHost: inside",
    ):
        for member in ("jwks_uri", "sector_identifier_uri", "backchannel_logout_uri", "initiate_login_uri"):
            answer = registry.post(sign_in(**{member: url}))
            assert refusal(answer) == (400, "invalid_client_metadata", member), (member, url)
    assert registry.asked == []
