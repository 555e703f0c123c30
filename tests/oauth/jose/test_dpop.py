"""DPoP proofs: RFC 9449 4.3, its checks one by one, and what the conformance suite sends."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from hub.oauth.jose.dpop import BadProof, Proof, read_proof
from hub.oauth.jose.nonces import WINDOW_S, Nonces
from hub.oauth.jose.target import normalised, same_target
from tests.oauth.jose.material import AT, ES, KEYS, NOW, OTHER, PS, RS
from tests.oauth.signing import LEFT_OUT, ClientKey, b64, compact

URL = "https://hub.example/v1/accounts"
TOKEN = "an.access.token"
ATH = b64(hashlib.sha256(TOKEN.encode()).digest())


def _proof(key: ClientKey = ES, **more: Any) -> str:
    return key.proof(**{"method": "GET", "url": URL, "now": NOW, "access_token": TOKEN, **more})


def _read(*headers: str, **more: Any) -> Proof:
    return read_proof(headers, **{"method": "GET", "url": URL, "now": NOW, "access_token": TOKEN, **more})


@pytest.mark.parametrize("alg", KEYS)
def test_a_proof_names_its_key(alg: str) -> None:
    proof = _read(_proof(KEYS[alg], jti="once"))
    assert (proof.jkt, proof.jti, proof.iat) == (KEYS[alg].thumbprint, "once", NOW)
    assert proof.expires_at == NOW + timedelta(seconds=60)


def _claims(**claims: Any) -> dict[str, Any]:
    usual = {"jti": "j", "htm": "GET", "htu": URL, "iat": AT, "ath": ATH}
    return {name: value for name, value in {**usual, **claims}.items() if value is not LEFT_OUT}


JWK = ES.jwk(kid=LEFT_OUT, use=LEFT_OUT, alg=LEFT_OUT)
UNSIGNED = f"{b64(orjson.dumps({'alg': 'none', 'typ': 'dpop+jwt', 'jwk': JWK}))}.{b64(orjson.dumps(_claims()))}."
P384 = ECKey.generate_key("P-384")
P384_JWK = P384.as_dict(private=False)

BAD_TOKENS: dict[str, str] = {
    "malformed": "proof",
    "empty": "",
    "two proofs in one header": f"{_proof()}, {_proof()}",
    "none": UNSIGNED,
    "RS256": _proof(RS),
    "ES384": compact({"alg": "ES384", "typ": "dpop+jwt", "jwk": P384_JWK}, _claims(), P384),
    "ES256 with a P-384 key": compact(
        {"alg": "ES256", "typ": "dpop+jwt", "jwk": P384_JWK}, _claims(), P384, alg="ES384"
    ),
    "signed by another key": compact({"alg": "ES256", "typ": "dpop+jwt", "jwk": JWK}, _claims(), OTHER.key),
    "signature cut": _proof()[:-6],
    "signature gone": _proof().rsplit(".", 1)[0] + ".",
}

BAD_HEADERS: dict[str, dict[str, Any]] = {
    "no typ": {"typ": LEFT_OUT},
    "typ JWT": {"typ": "JWT"},
    "typ at+jwt": {"typ": "at+jwt"},
    "no jwk": {"jwk": LEFT_OUT},
    "jwk a string": {"jwk": "key"},
    "jwk empty": {"jwk": {}},
    "a private key": {"jwk": ES.key.as_dict(private=True)},
    "a symmetric key": {"jwk": {"kty": "oct", "k": b64(bytes(32))}},
    "the right key by kid, another as jwk": {"jwk": OTHER.jwk(kid="key-1"), "kid": "key-1"},
    "jku beside it": {"jku": "https://attacker.example"},
    "x5c beside it": {"x5c": ["MIIB"]},
    "crit": {"crit": ["exp"]},
    "a key of another kind": {"jwk": PS.jwk()},
}

BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "no jti": {"jti": LEFT_OUT},
    "jti empty": {"jti": ""},
    "jti a number": {"jti": 1},
    "jti endless": {"jti": "j" * 257},
    "no htm": {"htm": LEFT_OUT},
    "wrong htm": {"htm": "POST"},
    "htm in small letters": {"htm": "get"},
    "htm an array": {"htm": ["GET"]},
    "no htu": {"htu": LEFT_OUT},
    "htu an array": {"htu": [URL]},
    "wrong path": {"htu": "https://hub.example/v1/balances"},
    "wrong case of the path": {"htu": "https://hub.example/V1/accounts"},
    "a slash more": {"htu": f"{URL}/"},
    "a prefix": {"htu": "https://hub.example/v1/account"},
    "wrong host": {"htu": "https://other.example/v1/accounts"},
    "wrong scheme": {"htu": "http://hub.example/v1/accounts"},
    "wrong port": {"htu": "https://hub.example:8443/v1/accounts"},
    "our host as a user": {"htu": "https://hub.example@other.example/v1/accounts"},
    "credentials": {"htu": "https://a:b@hub.example/v1/accounts"},
    "relative": {"htu": "/v1/accounts"},
    "an encoded slash": {"htu": "https://hub.example/v1%2Faccounts"},
    "white space": {"htu": f" {URL}"},
    "a line's end inside": {"htu": "https://hub.example/v1/\naccounts"},
    "no iat": {"iat": LEFT_OUT},
    "iat a string": {"iat": str(AT)},
    "iat true": {"iat": True},
    "iat an hour ago": {"iat": AT - 3600},
    "iat in an hour": {"iat": AT + 3600},
    "iat 61 s ago": {"iat": AT - 61},
    "iat in 16 s": {"iat": AT + 16},
    "exp passed": {"exp": AT - 1},
    "exp a word": {"exp": "soon"},
    "nbf in an hour": {"nbf": AT + 3600},
    "no ath": {"ath": LEFT_OUT},
    "ath of another token": {"ath": b64(hashlib.sha256(b"another").digest())},
    "ath padded": {"ath": ATH + "="},
    "ath in hexadecimal": {"ath": hashlib.sha256(TOKEN.encode()).hexdigest()},
    "ath in the standard alphabet": {"ath": base64.b64encode(hashlib.sha256(TOKEN.encode()).digest()).decode()},
    "ath a number": {"ath": 5},
    "ath empty": {"ath": ""},
}

PROBES = (
    BAD_TOKENS
    | {f"header: {name}": _proof(header=header) for name, header in BAD_HEADERS.items()}
    | {f"claims: {name}": _proof(**claims) for name, claims in BAD_CLAIMS.items()}
)


@pytest.mark.parametrize("token", PROBES.values(), ids=PROBES.keys())
def test_a_bad_proof(token: str) -> None:
    with pytest.raises(BadProof) as refused:
        _read(token)
    assert refused.value.error == "invalid_dpop_proof"
    assert refused.value.why.endswith(".")


def test_none_and_two_headers() -> None:
    for headers in ((), (_proof(), _proof())):
        with pytest.raises(BadProof) as refused:
            _read(*headers)
        assert refused.value.error == "invalid_dpop_proof"


def test_that_the_clock_is_wrong_is_said_with_the_time() -> None:
    with pytest.raises(BadProof, match=r"iat .* 2026-11-23T09:00:00Z"):
        _read(_proof(iat=AT - 3600))


GOOD: dict[str, dict[str, Any]] = {
    "10 s behind": {"iat": AT - 10},
    "10 s ahead": {"iat": AT + 10},
    "almost a minute behind": {"iat": AT - 59},
    "fractions": {"iat": AT + 0.25},
    "query": {"htu": f"{URL}?cursor=1"},
    "fragment": {"htu": f"{URL}#part"},
    "default port": {"htu": "https://hub.example:443/v1/accounts"},
    "case of scheme and host": {"htu": "HTTPS://HUB.Example/v1/accounts"},
    "escapes that need not be": {"htu": "https://hub.example/v1/%61ccounts"},
    "dots": {"htu": "https://hub.example/v1/./x/../accounts"},
    "unknown claims": {"purpose": "test", "deep": {"a": [1, 2]}},
    "exp and nbf": {"exp": AT + 5, "nbf": AT - 5},
    "a nonce that nobody asked for": {"nonce": "whatever"},
}


@pytest.mark.parametrize("claims", GOOD.values(), ids=GOOD.keys())
def test_a_good_proof(claims: dict[str, Any]) -> None:
    assert _read(_proof(**claims)).jkt == ES.thumbprint


@pytest.mark.parametrize(
    "header", [{"typ": "DPoP+JWT"}, {"typ": "application/dpop+jwt"}, {"kid": "anything"}, {"jwk": ES.jwk(kid="other")}]
)
def test_what_a_header_may_also_be(header: dict[str, Any]) -> None:
    assert _read(_proof(header=header)).jkt == ES.thumbprint


def test_without_an_access_token_ath_is_not_asked_for() -> None:
    assert _read(_proof(access_token=None), access_token=None)
    assert _read(_proof(ath="left over"), access_token=None)


NONCES = Nonces(b"k" * 32)


def _with_nonce(nonce: Any) -> Proof:
    return _read(_proof(nonce=nonce), nonces=NONCES)


def test_a_nonce_of_ours_is_accepted_in_its_window_and_the_next() -> None:
    nonce = NONCES.current(NOW)
    assert _with_nonce(nonce)
    assert NONCES.accepts(nonce, NOW + timedelta(seconds=WINDOW_S))
    assert not NONCES.accepts(nonce, NOW + timedelta(seconds=2 * WINDOW_S))
    assert not NONCES.accepts(nonce, NOW - timedelta(seconds=WINDOW_S))


def test_another_process_knows_the_nonce_and_another_hub_does_not() -> None:
    assert Nonces(b"k" * 32).accepts(NONCES.current(NOW), NOW)
    assert not Nonces(b"l" * 32).accepts(NONCES.current(NOW), NOW)


def test_a_host_whose_clock_is_a_little_behind_knows_the_next_nonce() -> None:
    turn = NOW - timedelta(seconds=AT % WINDOW_S) + timedelta(seconds=WINDOW_S)
    assert NONCES.accepts(NONCES.current(turn), turn - timedelta(seconds=5))
    assert not NONCES.accepts(NONCES.current(turn), turn - timedelta(seconds=15))


@pytest.mark.parametrize(
    "nonce", [None, "made up", "", NONCES.current(NOW - timedelta(seconds=2 * WINDOW_S)), "ä" * 22]
)
def test_where_a_nonce_is_demanded_a_client_learns_to_fetch_one(nonce: str | None) -> None:
    with pytest.raises(BadProof) as refused:
        _with_nonce(nonce)
    assert refused.value.error == "use_dpop_nonce"


def test_a_nonce_of_another_type_asks_for_one_too() -> None:
    token = ES.sign(_claims(nonce=5), typ="dpop+jwt", header={"jwk": JWK})
    with pytest.raises(BadProof) as refused:
        _read(token, nonces=NONCES)
    assert refused.value.error == "use_dpop_nonce"


def test_a_bad_proof_is_not_taken_for_one_that_lacks_a_nonce() -> None:
    with pytest.raises(BadProof) as refused:
        _read(_proof(htm="POST"), nonces=NONCES)
    assert refused.value.error == "invalid_dpop_proof"


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://Hub.Example", "https://hub.example/"),
        ("http://hub.example:80/a", "http://hub.example/a"),
        ("https://hub.example:8443/a", "https://hub.example:8443/a"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
        ("https://hub.example/a%2fb%7Ec", "https://hub.example/a%2Fb~c"),
        ("https://hub.example/a/../../b/.", "https://hub.example/b/"),
        ("https://hub.example/a//b", "https://hub.example/a//b"),
        ("https://hub.example/%", None),
        ("https://hub.example/%zz", None),
        ("https://hub.example:port/", None),
        ("https://hub.example:99999/", None),
        ("https:///a", None),
        ("https://[::1/", None),
        ("ftp://hub.example/", None),
        ("https://hub.example/ä", None),
        ("https://hub.example/\\a", None),
        ("https://hub.example/" + "a" * 2048, None),
        ("", None),
    ],
)
def test_the_normal_form_of_a_target(url: str, normal: str | None) -> None:
    """RFC 3986 6.2.2 and 6.2.3."""
    assert normalised(url) == normal


def test_what_has_no_normal_form_equals_nothing() -> None:
    assert not same_target("nonsense", "nonsense")


@settings(deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="htps:/@[]%.?#a1\\", max_size=40))
def test_no_url_breaks_the_comparison(text: str) -> None:
    assert same_target(text, URL) in (True, False)
    normal = normalised(text)
    assert normal is None or normalised(normal) == normal
