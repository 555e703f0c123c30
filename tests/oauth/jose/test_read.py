"""What is a JWT at all, and whose signature counts."""

import base64
import hmac
import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OKPKey

from hub.oauth.jose.algorithms import FAPI_ALGORITHMS, OIDC_ALGORITHMS, accepted
from hub.oauth.jose.public_key import read_jwks
from hub.oauth.jose.read import BadJwt, parse, verify
from tests.oauth.jose.material import ES, KEYS, OTHER, PS, RS
from tests.oauth.signing import LEFT_OUT, ClientKey, b64, compact

CLAIMS = {"iss": "somebody", "n": 1}


def _read(token: str, jwks: dict[str, Any], algorithms: tuple[str, ...] = FAPI_ALGORITHMS) -> dict[str, Any]:
    return verify(parse(token, max_length=8192), read_jwks(jwks), algorithms=algorithms)


@pytest.mark.parametrize("alg", accepted(FAPI_ALGORITHMS))
def test_what_fapi_allows_verifies(alg: str) -> None:
    assert _read(KEYS[alg].sign(CLAIMS), KEYS[alg].jwks()) == CLAIMS


def test_who_allows_one_name_of_ed25519_allows_the_other() -> None:
    """RFC 9864 2.2: openid-client, for one, writes Ed25519."""
    for allowed in ("EdDSA", "Ed25519"):
        for alg in ("EdDSA", "Ed25519"):
            assert _read(KEYS[alg].sign(CLAIMS), KEYS[alg].jwks(), (allowed,)) == CLAIMS
    with pytest.raises(BadJwt, match="alg of the JWT must be one of ES256"):
        _read(KEYS["Ed25519"].sign(CLAIMS), KEYS["Ed25519"].jwks(), ("ES256",))


def test_rs256_is_for_sign_in_clients_only() -> None:
    """FAPI 2.0 5.4.1."""
    assert _read(RS.sign(CLAIMS), RS.jwks(), OIDC_ALGORITHMS) == CLAIMS
    with pytest.raises(BadJwt, match="alg of the JWT must be one of PS256, ES256, EdDSA, Ed25519"):
        _read(RS.sign(CLAIMS), RS.jwks())


def _raw(header: bytes = b'{"alg":"ES256"}', claims: bytes = b"{}", signature: str = "AA") -> str:
    return f"{b64(header)}.{b64(claims)}.{signature}"


HEADER, PAYLOAD, _ = _raw().split(".")
MALFORMED = {
    "nothing": "",
    "a word": "token",
    "two parts": f"{HEADER}.{PAYLOAD}",
    "four parts": f"{HEADER}.{PAYLOAD}.AA.AA",
    "five parts, a JWE": "a.b.c.d.e",
    "no header": f".{PAYLOAD}.AA",
    "no claims": f"{HEADER}..AA",
    "padding": f"{HEADER}.{b64(b'{    }')}==.AA",
    "standard alphabet": _raw(signature="+/8"),
    "white space": _raw(signature="AA AA"),
    "a line's end": _raw(signature="AAAA\n"),
    "not ASCII": _raw(signature="ÄÄ"),
    "digits of another script": _raw(signature="٣٣"),
    "an impossible length": _raw(signature="AAAAA"),
    "loose bits at the end": _raw(signature="AB"),
    "header not JSON": _raw(b"alg"),
    "header an array": _raw(b"[]"),
    "claims a string": _raw(claims=b'"x"'),
    "claims not UTF-8": _raw(claims=b'{"a":"\xff"}'),
    "a lone surrogate": _raw(claims=b'{"a":"\\ud800"}'),
    "NaN": _raw(claims=b'{"exp":NaN}'),
    "a member named twice in the header": _raw(b'{"alg":"none","alg":"ES256"}'),
    "a member named twice in the claims": _raw(claims=b'{"aud":"a","aud":"b"}'),
    "a member named twice, deep down": _raw(claims=b'{"cnf":{"jkt":"a","jkt":"b"}}'),
    "the same name, spelt with an escape": _raw(claims=b'{"aud":"a","\\u0061ud":"b"}'),
    "nested deeply": _raw(claims=b'{"a":' * 40 + b"1" + b"}" * 40),
    "nested so deeply that parsers fall": _raw(claims=b"[" * 3000 + b"]" * 3000),
    "a byte order mark": _raw(claims=b"\xef\xbb\xbf{}"),
    "a number too long for the interpreter": _raw(claims=b'{"exp":' + b"9" * 5000 + b"}"),
    "huge": _raw(claims=b'{"a":"' + b"x" * 10_000 + b'"}'),
    "a huge header": _raw(b'{"alg":"ES256","x":"' + b"x" * 4000 + b'"}'),
    "no alg": _raw(b"{}"),
    "alg a number": _raw(b'{"alg":5}'),
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(token: str) -> None:
    with pytest.raises(BadJwt) as refused:
        parse(token, max_length=8192)
    assert refused.value.why.endswith(".")


BAD_HEADERS: dict[str, dict[str, Any]] = {
    "crit": {"crit": ["exp"]},
    "crit with b64": {"crit": ["b64"], "b64": False},
    "b64 alone": {"b64": True},
    "jku": {"jku": "https://attacker.example/jwks"},
    "x5u": {"x5u": "https://attacker.example/cert"},
    "x5c": {"x5c": ["MIIB"]},
    "zip": {"zip": "DEF"},
    "an embedded key, though it is the right one": {"jwk": ES.jwk()},
    "kid a number": {"kid": 7},
    "kid null": {"kid": None},
    "kid too long": {"kid": "k" * 300},
    "typ an object": {"typ": {}},
}


@pytest.mark.parametrize("header", BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
def test_headers_that_are_refused_although_the_signature_is_good(header: dict[str, Any]) -> None:
    with pytest.raises(BadJwt):
        _read(ES.sign(CLAIMS, header=header), ES.jwks())


def _hmac_with_public_key() -> str:
    """RFC 8725 2.1: the public key's bytes as an HMAC secret."""
    signed = _raw(b'{"alg":"HS256"}', orjson.dumps(CLAIMS)).rsplit(".", 1)[0]
    return f"{signed}.{b64(hmac.digest(ES.key.as_pem(private=False), signed.encode(), 'sha256'))}"


UNSIGNED = _raw(b'{"alg":"none","kid":"key-1"}', orjson.dumps(CLAIMS), "")
P384 = ECKey.generate_key("P-384")
ED448 = OKPKey.generate_key("Ed448")
X25519 = OKPKey.generate_key("X25519")
SIGNED = ES.sign(CLAIMS)

FORGED: dict[str, tuple[str, dict[str, Any]]] = {
    "none": (UNSIGNED, ES.jwks()),
    "none, oddly spelt": (_raw(b'{"alg":"nOnE"}', orjson.dumps(CLAIMS), ""), ES.jwks()),
    "HMAC with the public key": (_hmac_with_public_key(), ES.jwks()),
    "another's key": (OTHER.sign(CLAIMS), ES.jwks()),
    "another's key under our kid": (compact({"alg": "ES256", "kid": "key-1"}, CLAIMS, OTHER.key), ES.jwks()),
    "a kid that nobody has": (ES.sign(CLAIMS, header={"kid": "key-2"}), ES.jwks()),
    "ES256 with P-384": (compact({"alg": "ES384"}, CLAIMS, P384), {"keys": [P384.as_dict(private=False)]}),
    "says ES256, key is P-384": (
        compact({"alg": "ES256"}, CLAIMS, P384, alg="ES384"),
        {"keys": [P384.as_dict(private=False)]},
    ),
    "EdDSA with Ed448": (compact({"alg": "EdDSA"}, CLAIMS, ED448), {"keys": [ED448.as_dict(private=False)]}),
    "EdDSA with X25519": (KEYS["EdDSA"].sign(CLAIMS), {"keys": [X25519.as_dict(private=False)]}),
    "says PS256, signed PKCS 1.5": (compact({"alg": "PS256"}, CLAIMS, PS.key, alg="RS256"), PS.jwks()),
    "the key is for another algorithm": (PS.sign(CLAIMS), {"keys": [PS.jwk(alg="RS256")]}),
    "the key is for encryption": (ES.sign(CLAIMS), {"keys": [ES.jwk(use="enc")]}),
    "the key is not for verifying": (ES.sign(CLAIMS), {"keys": [ES.jwk(use=LEFT_OUT, key_ops=["deriveKey"])]}),
    "no keys": (ES.sign(CLAIMS), {"keys": []}),
    "cut off": (SIGNED[:-4], ES.jwks()),
    "no signature": (SIGNED.rsplit(".", 1)[0] + ".", ES.jwks()),
    "a signature of zeros": (SIGNED.rsplit(".", 1)[0] + "." + b64(bytes(64)), ES.jwks()),
    "other claims": (SIGNED.replace(SIGNED.split(".")[1], b64(b'{"iss":"x"}')), ES.jwks()),
}


@pytest.mark.parametrize(("token", "jwks"), FORGED.values(), ids=FORGED.keys())
def test_forged(token: str, jwks: dict[str, Any]) -> None:
    with pytest.raises(BadJwt):
        _read(token, jwks)


def test_a_duplicate_kid_verifies_whichever_key_signed() -> None:
    """FAPI 2.0 5.4.3: sets with a kid twice should not be, but are verified correctly."""
    both = {"keys": [OTHER.jwk(), ES.jwk(), PS.jwk()]}
    for key in (ES, OTHER, PS):
        assert _read(key.sign(CLAIMS), both) == CLAIMS


def test_without_a_kid_every_fitting_key_is_tried() -> None:
    nameless = ClientKey(ES.alg, ES.key, kid=None)
    assert _read(nameless.sign(CLAIMS), {"keys": [PS.jwk(), OTHER.jwk(), ES.jwk()]}) == CLAIMS


def test_both_names_of_ed25519_fit_the_same_key() -> None:
    """RFC 9864 2.2."""
    key = KEYS["EdDSA"]
    named = ClientKey("Ed25519", key.key)
    assert _read(named.sign(CLAIMS), {"keys": [key.jwk(alg="EdDSA")]}) == CLAIMS
    assert _read(key.sign(CLAIMS), {"keys": [key.jwk(alg="Ed25519")]}) == CLAIMS


def test_an_algorithm_that_the_caller_does_not_list_is_refused_though_the_key_fits() -> None:
    with pytest.raises(BadJwt, match="one of PS256"):
        _read(ES.sign(CLAIMS), ES.jwks(), ("PS256",))


def test_what_is_refused_is_not_repeated() -> None:
    mark = "zebra-4711"
    header = {"kid": mark, "typ": mark}
    for token in (ES.sign({"iss": mark}, header=header), f"{mark}.{mark}.{mark}", OTHER.sign({"iss": mark})):
        with pytest.raises(BadJwt) as refused:
            _read(token, ES.jwks())
        assert mark not in refused.value.why


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
_named = st.sampled_from(["alg", "kid", "typ", "jwk", "crit", "iss", "exp"])
_values = _json | st.sampled_from(["ES256", "none", "key-1", "PS256", "EdDSA"])
_objects = st.dictionaries(_named | st.text(max_size=4), _values, max_size=5)


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


_tokens = st.text(max_size=60) | st.builds(
    lambda header, claims, signature: f"{_encoded(header)}.{_encoded(claims)}.{b64(signature)}",
    _objects,
    _objects | _json,
    st.binary(max_size=80),
)
_ALL = read_jwks({"keys": [key.jwk() for key in (*KEYS.values(), OTHER)]})


@settings(deadline=None)
@given(_tokens)
def test_whatever_comes_only_a_bad_jwt_comes_out(token: str) -> None:
    with pytest.raises(BadJwt):
        verify(parse(token, max_length=2000, embedded_jwk=True), _ALL, algorithms=OIDC_ALGORITHMS)


@settings(deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_signature_bears_no_change_of_a_single_character(place: int, shift: int) -> None:
    at = place % len(SIGNED)
    changed = SIGNED[:at] + chr((ord(SIGNED[at]) + shift) % 256) + SIGNED[at + 1 :]
    with pytest.raises(BadJwt):
        _read(changed, ES.jwks())
