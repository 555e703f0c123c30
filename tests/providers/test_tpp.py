"""Our own key: published in half, used whole, never shown."""

from joserfc import jws, jwt
from joserfc.jwk import KeySet

from tests.providers import tpp


def test_what_we_sign_is_verified_by_what_we_publish() -> None:
    token = tpp.tpp().sign({"iss": "rialto"}, typ="oauth-authz-req+jwt")
    found = jwt.decode(token, KeySet.import_key_set({"keys": tpp.tpp().jwks()["keys"]}), algorithms=["PS256"])
    assert found.claims == {"iss": "rialto"}
    assert found.header == {"alg": "PS256", "kid": "tpp-1", "typ": "oauth-authz-req+jwt"}


def test_only_the_public_half_is_published() -> None:
    (key,) = tpp.tpp().jwks()["keys"]
    assert {"kty", "n", "e", "kid", "use", "alg"} == set(key)
    assert (key["kid"], key["use"], key["alg"]) == ("tpp-1", "sig", "PS256")


def test_the_key_is_not_shown() -> None:
    assert "PRIVATE" not in repr(tpp.tpp())
    assert repr(tpp.tpp()) == "Tpp(client_name='Rialto', kid='tpp-1')"


def test_a_signature_is_compact() -> None:
    assert len(jws.extract_compact(tpp.tpp().sign({}).encode()).headers()) == 3
