"""The browser's leg in its three shapes, and how we say who we are: nothing is believed that the bank did not sign."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from joserfc import jwt
from joserfc.jwk import KeySet

from providers.errors import ContractBroken, ProviderError, Refused, Transient
from providers.fapi.id_token import half_hash
from providers.port import Access, LinkState, Psu, Redirect
from providers.registry import CatalogueError
from providers.uk_obie.adapter import UkObieAdapter
from tests.providers import tpp

STATE = LinkState("consent-1", tpp.CALLBACK, "state-1", "nonce-1", {"code_verifier": "v" * 64})
HYBRID = {"authorize": {"response_type": "code id_token"}}
JARM = {"authorize": {"response_mode": "jwt"}}


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def a_bank(bank: responses.RequestsMock, **token: Any) -> None:
    """A bank that says yes; ``token`` are members of its token answer."""
    answer = {"access_token": "at-1", "token_type": "Bearer", "refresh_token": "rt-1"}
    answer |= {"id_token": tpp.id_token(tpp.id_token_claims())}
    bank.post(f"{tpp.UK}/token", json={name: value for name, value in (answer | token).items() if value is not ...})
    bank.get(f"{tpp.UK}/jwks", json=tpp.bank_jwks())
    consent = {"Data": {"ConsentId": "consent-1", "Status": "AUTH"}}
    bank.post(f"{tpp.AISP}/account-access-consents", json=consent, status=201)
    bank.get(f"{tpp.AISP}/account-access-consents/consent-1", json=consent)


def adapter(**api: Any) -> UkObieAdapter:
    return UkObieAdapter(tpp.albion(**api), tpp.tpp())


def front(**changed: Any) -> dict[str, str]:
    """A hybrid answer, its ID token's claims changed."""
    bound = {"c_hash": half_hash("code-1"), "s_hash": half_hash("state-1")}
    token = tpp.id_token(tpp.id_token_claims(**(bound | changed)))
    return {"state": "state-1", "code": "code-1", "id_token": token}


def signed(**changed: Any) -> dict[str, str]:
    """A JARM answer."""
    claims = {
        "iss": tpp.UK,
        "aud": "rialto",
        "exp": int(tpp.NOW.timestamp()) + 60,
        "state": "state-1",
        "code": "code-1",
    }
    return {"response": tpp.id_token({name: value for name, value in (claims | changed).items() if value is not ...})}


def finish(one: UkObieAdapter, callback: dict[str, str]) -> Access:
    return one.finish(STATE, callback, now=tpp.NOW, psu=Psu())


def spent(bank: responses.RequestsMock) -> bool:
    """Whether the code went to the token endpoint."""
    return any("code=code-1" in str(call.request.body) for call in bank.calls)


def asked(url: str) -> tuple[dict[str, str], dict[str, Any]]:
    """What stands in a request to the authorization endpoint, and what is signed in it."""
    shown = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    keys = KeySet.import_key_set({"keys": tpp.tpp().jwks()["keys"]})
    return shown, jwt.decode(shown.pop("request"), keys, algorithms=["PS256"]).claims


def started(bank: responses.RequestsMock, **api: Any) -> tuple[dict[str, str], dict[str, Any], LinkState]:
    a_bank(bank)
    start = adapter(**api).start(tpp.link_request())
    assert isinstance(start.step, Redirect)
    return *asked(start.step.url), start.state


def test_a_hybrid_answer_gives_access(bank: responses.RequestsMock) -> None:
    a_bank(bank)
    assert finish(adapter(**HYBRID), front()).data["access_token"] == "at-1"


WRONG_FRONT: list[tuple[str, dict[str, Any]]] = [
    ("c_hash", {"c_hash": half_hash("code-2")}),
    ("c_hash", {"c_hash": ...}),
    ("s_hash", {"s_hash": half_hash("state-2")}),
    ("s_hash", {"s_hash": ...}),
    ("nonce", {"nonce": "nonce-2"}),
    ("openbanking_intent_id", {"openbanking_intent_id": "consent-2"}),
]


@pytest.mark.parametrize(("rule", "changed"), WRONG_FRONT)
def test_a_code_beside_a_foreign_id_token_is_never_spent(
    bank: responses.RequestsMock, rule: str, changed: dict[str, Any]
) -> None:
    a_bank(bank)
    with pytest.raises(ContractBroken, match=rule):
        finish(adapter(**HYBRID), front(**changed))
    assert not spent(bank)


def test_a_hybrid_answer_without_its_id_token_is_none(bank: responses.RequestsMock) -> None:
    a_bank(bank)
    with pytest.raises(ContractBroken, match="no ID token beside the code"):
        finish(adapter(**HYBRID), {"state": "state-1", "code": "code-1"})
    assert not spent(bank)


def test_both_id_tokens_speak_of_one_person(bank: responses.RequestsMock) -> None:
    a_bank(bank)
    with pytest.raises(ContractBroken, match="sub"):
        finish(adapter(**HYBRID), front(sub="somebody else"))


def test_a_signed_answer_gives_access(bank: responses.RequestsMock) -> None:
    a_bank(bank)
    assert finish(adapter(**JARM), signed()).data["access_token"] == "at-1"


WRONG_SIGNED: list[tuple[dict[str, Any], type[ProviderError], str]] = [
    ({"iss": "http://127.0.0.1:9"}, ContractBroken, "iss"),
    ({"aud": "other"}, ContractBroken, "aud"),
    ({"exp": int(tpp.NOW.timestamp()) - 100}, ContractBroken, "exp"),
    ({"exp": ...}, ContractBroken, "exp"),
    ({"state": "state-2"}, ContractBroken, "state"),
    ({"code": ...}, ContractBroken, "neither"),
    ({"code": ..., "error": "access_denied"}, Refused, "access_denied"),
    ({"code": ..., "error": "server_error"}, Transient, "server_error"),
]


@pytest.mark.parametrize(("changed", "kind", "word"), WRONG_SIGNED)
def test_a_signed_answer_of_another_attempt_is_refused(
    bank: responses.RequestsMock, changed: dict[str, Any], kind: type[ProviderError], word: str
) -> None:
    a_bank(bank)
    with pytest.raises(kind, match=word):
        finish(adapter(**JARM), signed(**changed))
    assert not spent(bank)


@pytest.mark.parametrize("callback", [{"state": "state-1", "code": "code-1"}, {"response": "a.b.c"}, {"response": ""}])
def test_a_bank_that_signs_its_answers_is_not_answered_for_by_a_browser(
    bank: responses.RequestsMock, callback: dict[str, str]
) -> None:
    a_bank(bank)
    with pytest.raises(ContractBroken):
        finish(adapter(**JARM), callback)
    assert not spent(bank)


def test_a_state_beside_the_signed_one_must_be_ours_as_well(bank: responses.RequestsMock) -> None:
    a_bank(bank)
    with pytest.raises(ContractBroken, match="state"):
        finish(adapter(**JARM), {**signed(), "state": "state-2"})
    assert len(bank.calls) == 0


def test_an_answer_signed_with_another_key_is_refused(bank: responses.RequestsMock) -> None:
    a_bank(bank)
    claims = {"iss": tpp.UK, "aud": "rialto", "exp": 2**40, "state": "state-1", "code": "code-1"}
    with pytest.raises(ContractBroken):
        finish(adapter(**JARM), {"response": tpp.id_token(claims, key=tpp.bank_key("other"))})


def test_the_request_says_what_the_banks_file_says(bank: responses.RequestsMock) -> None:
    wants = {
        "response_type": "code id_token",
        "response_mode": "fragment",
        "scope": "openid accounts extra",
        "audience": "https://aud.example/",
        "nonce_length": 8,
        "outside": ["state", "nonce"],
        "extra": {"brand": "Coutts"},
        "max_age_s": 86400,
        "acr_values": ["urn:openbanking:psd2:sca"],
        "pkce": False,
    }
    link = tpp.link_request()
    shown, claims, state = started(bank, authorize=wants)
    assert shown == {
        "brand": "Coutts",
        "client_id": "rialto",
        "response_type": "code id_token",
        "scope": "openid accounts extra",
        "state": link.state,
        "nonce": link.nonce[:8],
    }
    assert (claims["aud"], claims["nonce"], claims["max_age"]) == ("https://aud.example/", link.nonce[:8], 86400)
    assert claims["response_mode"] == "fragment"
    assert claims["claims"]["id_token"]["acr"] == {"values": ["urn:openbanking:psd2:sca"], "essential": True}
    assert "code_challenge" not in claims
    assert state.nonce == link.nonce[:8]


def test_our_key_goes_by_the_name_that_the_directory_gave_it(bank: responses.RequestsMock) -> None:
    a_bank(bank)
    start = adapter(kid="directory-1").start(tpp.link_request())
    assert isinstance(start.step, Redirect)
    head = parse_qs(urlsplit(start.step.url).query)["request"][0].split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["kid"] == "directory-1"


LENIENCIES: list[tuple[str, dict[str, Any]]] = [
    ("no_nonce", {"nonce": ...}),
    ("stale_nonce", {"nonce": "nonce-0"}),
    ("no_intent_id", {"openbanking_intent_id": ...}),
    ("milliseconds", {"exp": (int(tpp.NOW.timestamp()) + 300) * 1000, "iat": int(tpp.NOW.timestamp()) * 1000}),
    ("issuer_slash", {"iss": f"{tpp.UK}/"}),
]


@pytest.mark.parametrize(("name", "changed"), LENIENCIES)
def test_a_weak_id_token_is_accepted_only_where_its_weakness_is_named(
    bank: responses.RequestsMock, name: str, changed: dict[str, Any]
) -> None:
    a_bank(bank, id_token=tpp.id_token(tpp.id_token_claims(**changed)))
    callback = {"state": "state-1", "code": "code-1"}
    assert finish(adapter(id_token_leniencies=[name]), callback).data["access_token"] == "at-1"
    others = [one for one, _ in LENIENCIES if one not in (name, "stale_nonce" if name == "no_nonce" else name)]
    with pytest.raises(ContractBroken, match="ID token"):
        finish(adapter(id_token_leniencies=others), callback)


def test_a_leniency_forgives_what_is_missing_and_never_what_is_wrong(bank: responses.RequestsMock) -> None:
    for changed in ({"nonce": "nonce-2"}, {"openbanking_intent_id": "consent-2"}):
        bank.reset()
        a_bank(bank, id_token=tpp.id_token(tpp.id_token_claims(**changed)))
        with pytest.raises(ContractBroken, match="ID token"):
            finish(
                adapter(id_token_leniencies=["no_nonce", "no_intent_id", "milliseconds"]),
                {"state": "state-1", "code": "code-1"},
            )


def test_a_bank_without_id_tokens_is_for_operators_who_say_so(bank: responses.RequestsMock) -> None:
    a_bank(bank, id_token=...)
    callback = {"state": "state-1", "code": "code-1"}
    with pytest.raises(ContractBroken, match="no ID token"):
        finish(adapter(), callback)
    assert finish(adapter(id_token_leniencies=["no_id_token"]), callback)


def test_each_way_of_saying_who_we_are(bank: responses.RequestsMock, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s:e/cret\n")
    a_bank(bank)
    proofs = {}
    for way in ("client_secret_basic", "client_secret_post", "tls_client_auth"):
        api = {"token_auth": way, "client_secret_file": str(secret), "client_certificate": ["cert.pem", "key.pem"]}
        adapter(**api)._authoriser.app_token(tpp.NOW, scope="accounts")
        request = bank.calls[-1].request
        form = {name: values[0] for name, values in parse_qs(str(request.body)).items()}
        proofs[way] = (form, request.headers.get("Authorization"))
    plain = {"grant_type": "client_credentials", "scope": "accounts"}
    basic = "Basic " + base64.b64encode(b"rialto:s%3Ae%2Fcret").decode()
    assert proofs == {
        "client_secret_basic": (plain, basic),
        "client_secret_post": (plain | {"client_id": "rialto", "client_secret": "s:e/cret"}, None),
        "tls_client_auth": (plain | {"client_id": "rialto"}, None),
    }


def test_the_banks_keys_may_be_a_list_without_an_object_around_it(bank: responses.RequestsMock) -> None:
    a_bank(bank)
    bank.replace("GET", f"{tpp.UK}/jwks", json=tpp.bank_jwks()["keys"])
    assert finish(adapter(), {"state": "state-1", "code": "code-1"})


def test_a_bank_that_cannot_give_its_keys_costs_no_code(bank: responses.RequestsMock) -> None:
    a_bank(bank)
    bank.replace("GET", f"{tpp.UK}/jwks", status=404)
    with pytest.raises(Transient):
        finish(adapter(), {"state": "state-1", "code": "code-1"})
    assert not spent(bank)


WRONG: list[dict[str, Any]] = [
    {"token_auth": "client_secret_basic"},
    {"token_auth": "client_secret_post", "client_secret_file": "/nowhere/secret"},
    {"token_auth": "tls_client_auth"},
    {"authorize": {"response_type": "code id_token", "response_mode": "query"}},
    {"authorize": {"response_type": "code id_token", "response_mode": "query.jwt"}},
    {"authorize": {"response_type": "id_token"}},
    {"authorize": {"nonce_length": 2}},
    {"authorize": {"pkce": False}, "id_token_leniencies": ["no_id_token"]},
    {"id_token_leniencies": ["anything"]},
    {"aisp": {"base": f"{tpp.UK}/open-banking/v3.1/aisp", "version": "4.0"}},
    {"aisp": {"base": f"{tpp.UK}/open-banking/v4.0/aisp", "version": "2.0"}},
    {"permissions": ["ReadEverything"]},
    {"permissions_remove": ["ReadTransactionsCredits", "ReadTransactionsDebits"]},
    {"permissions": ["ReadBalances"]},
    {"resources": ["confirm_funds"]},
    {"headers": {"send": {"Authorization": "Bearer x"}}},
    {"headers": {"rename": {"x-fapi-interaction-id": "Host"}}},
    {"headers": {"omit": ["GET Authorization"]}},
    {"headers": {"send": {"x-a": "b\r\nx-c: d"}}},
    {"errors": [{"means": "later"}]},
    {"errors": [{"means": "gone", "status": 403}]},
    {"errors": [{"means": "later", "message": ""}]},
    {"paging": {"hosts": ["https://evil.example"]}},
    {"tokens": {"refresh": "sometimes"}},
]


@pytest.mark.parametrize("api", WRONG, ids=str)
def test_a_file_that_asks_for_what_cannot_be_or_must_not_be_is_refused(api: dict[str, Any]) -> None:
    with pytest.raises(CatalogueError, match="albion"):
        adapter(**api)
