"""Which keys and key sets of clients are taken."""

import base64
import contextlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from hub.oauth.jose.public_key import MAX_KEYS, BadKey, read_jwk, read_jwks
from hub.oauth.jose.read import BadJwt, parse, verify
from tests.oauth.jose.material import ES, KEYS, PS
from tests.oauth.signing import LEFT_OUT, b64

PRIVATE = ES.key.as_dict(private=True)
SET_BREAKERS: dict[str, Any] = {
    "a private EC key": {"keys": [ES.jwk(), PRIVATE]},
    "a private RSA key": {"keys": [ES.jwk(), PS.key.as_dict(private=True)]},
    "one private RSA member": {"keys": [PS.jwk(dq="AQAB")]},
    "a private key of a kind we do not know": {"keys": [{"kty": "AKP", "d": "AA"}]},
    "a symmetric key": {"keys": [ES.jwk(), {"kty": "oct", "k": b64(bytes(32))}]},
    "a symmetric key without its value": {"keys": [{"kty": "oct"}]},
    "too many keys": {"keys": [ES.jwk()] * (MAX_KEYS + 1)},
    "no keys member": {},
    "keys an object": {"keys": {}},
    "a key that is none": {"keys": ["key"]},
    "an array": [],
    "nothing": None,
}


@pytest.mark.parametrize("document", SET_BREAKERS.values(), ids=SET_BREAKERS.keys())
def test_a_set_is_refused_whole(document: Any) -> None:
    with pytest.raises(BadKey) as refused:
        read_jwks(document)
    assert refused.value.why.endswith(".")


def _zero_in_front(text: str) -> str:
    return b64(bytes(1) + base64.urlsafe_b64decode(text + "=="))


RSA = PS.jwk()
USELESS: dict[str, Any] = {
    "RSA 1024": {**RSA, "n": b64(b"\xc1" * 128)},
    "RSA of absurd size": {**RSA, "n": b64(b"\xff" * 2049)},
    "RSA, exponent 1": {**RSA, "e": "AQ"},
    "RSA, exponent even": {**RSA, "e": "Ag"},
    "RSA, a huge exponent": {**RSA, "e": b64(b"\xff" * 64)},
    "RSA, a zero in front": {**RSA, "n": _zero_in_front(RSA["n"])},
    "RSA without n": {"kty": "RSA", "e": "AQAB"},
    "P-384": ECKey.generate_key("P-384").as_dict(private=False),
    "a curve that is an object": {**ES.jwk(), "crv": {}},
    "off the curve": {**ES.jwk(), "y": ES.jwk()["x"]},
    "the point (0, 0)": {**ES.jwk(), "x": b64(bytes(32)), "y": b64(bytes(32))},
    "a coordinate too short": {**ES.jwk(), "x": b64(bytes(31))},
    "a coordinate with padding": {**ES.jwk(), "x": ES.jwk()["x"] + "="},
    "a coordinate with junk inside": {**ES.jwk(), "x": "!" + ES.jwk()["x"]},
    "a coordinate with letters of elsewhere": {**ES.jwk(), "x": "ä" * 43},
    "Ed25519 of small order": {"kty": "OKP", "crv": "Ed25519", "x": b64(b"\x01" + bytes(31))},
    "Ed25519 of small order, with the sign": {"kty": "OKP", "crv": "Ed25519", "x": b64(b"\x01" + bytes(30) + b"\x80")},
    "no kty": {"crv": "P-256"},
    "kty an array": {"kty": ["EC"]},
    "for encryption": ES.jwk(use="enc"),
    "key_ops a string": ES.jwk(key_ops="verify"),
    "for signing only": ES.jwk(key_ops=["sign"]),
    "alg of another kind": ES.jwk(alg="PS256"),
    "alg a number": ES.jwk(alg=256),
    "kid a number": ES.jwk(kid=5),
}


@pytest.mark.parametrize("jwk", USELESS.values(), ids=USELESS.keys())
def test_a_useless_key_is_passed_over_in_a_set_and_refused_alone(jwk: dict[str, Any]) -> None:
    """RFC 7517 5."""
    assert [key.kid for key in read_jwks({"keys": [jwk, ES.jwk(kid="good")]})] == ["good"]
    with pytest.raises(BadKey):
        read_jwk(jwk)


def test_under_a_key_of_small_order_one_signature_would_fit_every_message() -> None:
    """Why such keys are refused: with the neutral point as key, the signature (neutral point, 0) always verifies."""
    neutral = b"\x01" + bytes(31)
    parts = (b'{"alg":"EdDSA"}', b'{"sub":"anybody"}', neutral + bytes(32))
    token = ".".join(b64(part) for part in parts)
    Ed25519PublicKey.from_public_bytes(neutral).verify(parts[2], b"whatever")
    keys = read_jwks({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": b64(neutral)}]})
    with pytest.raises(BadJwt, match="no keys"):
        verify(parse(token, max_length=500), keys, algorithms=("EdDSA",))


@pytest.mark.parametrize("alg", KEYS)
def test_thumbprints_are_those_of_rfc_7638(alg: str) -> None:
    key = KEYS[alg]
    assert read_jwk(key.jwk()).thumbprint == key.key.thumbprint()
    assert read_jwk(key.jwk(use=LEFT_OUT, alg=LEFT_OUT, kid=LEFT_OUT)).thumbprint == key.key.thumbprint()


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
_members = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "use", "key_ops", "alg", "kid"])
_values = _anything | st.sampled_from(["EC", "OKP", "RSA", "P-256", "Ed25519", "AQAB", ES.jwk()["x"], RSA["n"]])


@settings(deadline=None)
@given(st.dictionaries(_members, _values) | _anything)
def test_whatever_comes_as_a_key_only_a_bad_key_comes_out(jwk: Any) -> None:
    for read in (read_jwk, read_jwks, lambda one: read_jwks({"keys": [one]})):
        with contextlib.suppress(BadKey):
            read(jwk)
