"""private_key_jwt: FAPI 2.0 5.3.2.1 (6), (8), (13) and 5.4, a row for each way to be wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.oauth.jose.algorithms import OIDC_ALGORITHMS
from hub.oauth.jose.assertion import Assertion, peek_client_id, read_assertion
from hub.oauth.jose.public_key import read_jwks
from hub.oauth.jose.read import BadJwt
from tests.oauth.jose.material import AT, CLIENT, ES, ISSUER, KEYS, NOW, OTHER, RS
from tests.oauth.signing import LEFT_OUT, ClientKey

LOOSE = frozenset({ISSUER, f"{ISSUER}/oauth/token"})


def _read(token: str, *, key: ClientKey = ES, audiences: frozenset[str] | None = None) -> Assertion:
    keys = read_jwks(key.jwks())
    algorithms = ("PS256", "ES256", "EdDSA", "Ed25519")
    return read_assertion(
        token, issuer=ISSUER, client_id=CLIENT, keys=keys, now=NOW, algorithms=algorithms, audiences=audiences
    )


def _assertion(*, key: ClientKey = ES, header: dict[str, Any] | None = None, **claims: Any) -> str:
    return key.assertion(client_id=CLIENT, issuer=ISSUER, now=NOW, header=header, **claims)


@pytest.mark.parametrize("alg", KEYS)
def test_an_assertion_says_who_and_until_when(alg: str) -> None:
    made = _read(_assertion(key=KEYS[alg], jti="once"), key=KEYS[alg])
    assert made == Assertion(CLIENT, "once", datetime(2026, 11, 23, 9, 1, tzinfo=UTC))


GOOD: dict[str, dict[str, Any]] = {
    "iat 8 s ahead": {"iat": AT + 8},
    "nbf 8 s ahead": {"nbf": AT + 8},
    "iat and nbf 10 s ahead": {"iat": AT + 10, "nbf": AT + 10},
    "no iat": {"iat": LEFT_OUT},
    "iat long ago": {"iat": AT - 86_400},
    "fractions of a second": {"iat": AT - 0.5, "exp": AT + 59.5},
    "for a whole hour": {"exp": AT + 3600},
    "for a whole hour by a clock 10 s ahead": {"iat": AT + 10, "exp": AT + 3610},
    "unknown claims": {"purpose": {"a": [1]}},
}


@pytest.mark.parametrize("claims", GOOD.values(), ids=GOOD.keys())
def test_good(claims: dict[str, Any]) -> None:
    assert _read(_assertion(**claims)).client_id == CLIENT


@pytest.mark.parametrize(
    "typ",
    [LEFT_OUT, "JWT", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"],
)
def test_types_of_an_assertion(typ: Any) -> None:
    assert _read(_assertion(header={"typ": typ})).client_id == CLIENT


BAD: dict[str, dict[str, Any]] = {
    "aud the token endpoint": {"aud": f"{ISSUER}/oauth/token"},
    "aud the PAR endpoint": {"aud": f"{ISSUER}/oauth/par"},
    "aud an array of the issuer": {"aud": [ISSUER]},
    "aud the issuer among others": {"aud": [ISSUER, "https://other.example"]},
    "aud the issuer with a slash": {"aud": f"{ISSUER}/"},
    "aud another's": {"aud": "https://other.example"},
    "no aud": {"aud": LEFT_OUT},
    "aud null": {"aud": None},
    "aud an object": {"aud": {ISSUER: ISSUER}},
    "iss another client": {"iss": "another"},
    "no iss": {"iss": LEFT_OUT},
    "sub another client": {"sub": "another"},
    "no sub": {"sub": LEFT_OUT},
    "sub an array": {"sub": [CLIENT]},
    "no exp": {"exp": LEFT_OUT},
    "exp null": {"exp": None},
    "exp a string": {"exp": str(AT + 60)},
    "exp true": {"exp": True},
    "exp passed": {"exp": AT - 1},
    "exp now": {"exp": AT},
    "exp in ten years": {"exp": AT + 315_360_000},
    "exp beyond the hour": {"exp": AT + 3600 + 61},
    "exp beyond all calendars": {"exp": 2**60},
    "exp negative": {"exp": -1},
    "iat 61 s ahead": {"iat": AT + 61},
    "nbf 61 s ahead": {"nbf": AT + 61},
    "iat a string": {"iat": "now"},
    "nbf an array": {"nbf": [AT]},
    "no jti": {"jti": LEFT_OUT},
    "jti empty": {"jti": ""},
    "jti a number": {"jti": 5},
    "jti too long": {"jti": "j" * 257},
}


@pytest.mark.parametrize("claims", BAD.values(), ids=BAD.keys())
def test_bad(claims: dict[str, Any]) -> None:
    with pytest.raises(BadJwt) as refused:
        _read(_assertion(**claims))
    assert refused.value.why.endswith(".")


@pytest.mark.parametrize("typ", ["dpop+jwt", "oauth-authz-req+jwt", "logout+jwt", "at+jwt", ""])
def test_a_jwt_made_for_another_purpose_is_no_assertion(typ: str) -> None:
    """RFC 8725 3.11."""
    with pytest.raises(BadJwt, match="typ"):
        _read(_assertion(header={"typ": typ}))


def test_only_this_clients_key_counts_and_only_strong_algorithms() -> None:
    with pytest.raises(BadJwt, match="signature"):
        _read(_assertion(key=OTHER))
    with pytest.raises(BadJwt, match="alg"):
        _read(_assertion(key=RS), key=RS)


def test_a_client_that_only_signs_people_in_may_use_rs256() -> None:
    keys = read_jwks(RS.jwks())
    made = read_assertion(
        _assertion(key=RS), issuer=ISSUER, client_id=CLIENT, keys=keys, now=NOW, algorithms=OIDC_ALGORITHMS
    )
    assert made.client_id == CLIENT


@pytest.mark.parametrize(
    "aud", [ISSUER, f"{ISSUER}/oauth/token", [ISSUER], ["https://other.example", f"{ISSUER}/oauth/token"]]
)
def test_the_looser_audience_of_openid_connect(aud: Any) -> None:
    assert _read(_assertion(aud=aud), audiences=LOOSE).client_id == CLIENT


@pytest.mark.parametrize("aud", ["https://other.example", [], ["https://other.example"], [ISSUER, 5], [ISSUER] * 11, 5])
def test_the_looser_audience_is_still_one_of_ours(aud: Any) -> None:
    with pytest.raises(BadJwt, match=f"contains, the issuer {ISSUER}"):
        _read(_assertion(aud=aud), audiences=LOOSE)


def test_the_sender_is_told_what_the_audience_should_be_and_what_the_time_is() -> None:
    with pytest.raises(BadJwt, match=f"as a string, {ISSUER} and nothing else"):
        _read(_assertion(aud="https://hub.example/oauth/token"))
    wrong: tuple[dict[str, Any], ...] = ({"exp": AT - 5}, {"iat": AT + 100}, {"nbf": AT + 100}, {"exp": AT + 90_000})
    for claims in wrong:
        with pytest.raises(BadJwt, match=f"server's time is 2026-11-23T09:00:00Z, {AT} as"):
            _read(_assertion(**claims))


def test_whom_to_look_up_is_read_without_believing_it() -> None:
    assert peek_client_id(_assertion(key=OTHER, sub="whoever", exp=1)) == "whoever"
    for sub in (LEFT_OUT, 5, ""):
        with pytest.raises(BadJwt, match="sub"):
            peek_client_id(_assertion(sub=sub))


def test_an_assertion_ends_at_its_exp_without_any_grace() -> None:
    """The jti is remembered until exp; a grace beyond it would be a time to replay in."""
    token, keys = _assertion(exp=AT + 60), read_jwks(ES.jwks())
    for late, good in ((59, True), (60, False)):
        now = NOW + timedelta(seconds=late)
        if good:
            assert read_assertion(token, issuer=ISSUER, client_id=CLIENT, keys=keys, now=now)
        else:
            with pytest.raises(BadJwt, match="exp"):
                read_assertion(token, issuer=ISSUER, client_id=CLIENT, keys=keys, now=now)
