"""fapi2-security-profile-final: DPoP at the authorisation server; and every way in which a proof at a resource can be
wrong (FAPI2 dpop-negative-tests), at two resources. Sections are of RFC 9449 unless they say otherwise.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
from joserfc.jwk import ECKey, OctKey
from joserfc.jws import JWSRegistry
from werkzeug.test import TestResponse

from tests.conformance.provider import Provider
from tests.conformance.rp import ACCOUNTS, Client, bank_client, refused
from tests.conftest import TestClock
from tests.oauth.signing import LEFT_OUT, ClientKey, b64

USERINFO = "/oauth/userinfo"
RESOURCES = (USERINFO, ACCOUNTS)
Change = dict[str, Any]
Proof = str | list[str] | None


def test_fapi2_security_profile_final_check_dpop_proof_nbf_exp(dpop: Client, clock: TestClock) -> None:
    """4.2: a proof may have nbf and exp as well, and then they hold."""
    at, code, url = int(clock().timestamp()), dpop.code(), dpop.provider.endpoint("token_endpoint")
    get_nonce(dpop)
    good = dpop.proof("POST", url, nbf=at, exp=at + 300)
    answer = dpop.redeem(code, more={"proof": good})
    assert answer.status_code == 200, answer.text
    token = answer.get_json()["access_token"]
    shown = dpop.shown("GET", dpop.provider.base + ACCOUNTS, token, nbf=at, exp=at + 300)
    assert dpop.provider.http("GET", ACCOUNTS, headers=shown).status_code == 200


def get_nonce(client: Client) -> None:
    """Get a nonce, as a client does: by a first proof without one (8)."""
    url = client.provider.endpoint("token_endpoint")
    first = client.post("token_endpoint", {"grant_type": "refresh_token", "refresh_token": "x"},
                        proof=client.proof("POST", url, nonce=None))  # fmt: skip
    refused(first, "use_dpop_nonce")
    assert client.nonce is not None


def test_a_call_that_was_asked_for_a_nonce_may_be_sent_again_as_it_was_but_for_the_proof(dpop: Client) -> None:
    """8: some clients repeat the form with the same client_assertion; its jti was not used up by a mere question."""
    (own, _), code = dpop.credentials(), dpop.code()
    url = dpop.provider.endpoint("token_endpoint")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": dpop.told["redirect_uris"][0],
        "code_verifier": dpop.verifier,
    }
    for nonce in (None, "stale"):
        asked = dpop.post("token_endpoint", form, credentials=own, proof=dpop.proof("POST", url, nonce=nonce))
        refused(asked, "use_dpop_nonce")
    answer = dpop.post("token_endpoint", form, credentials=own, proof=dpop.proof("POST", url))
    assert answer.status_code == 200, answer.text
    again = dpop.post("token_endpoint", form, credentials=own, proof=dpop.proof("POST", url))
    refused(again, "invalid_client" if "client_assertion" in own else "invalid_grant")


def shifted(dpop: Client, clock: TestClock, seconds: int) -> bool:
    """Whether the whole way goes with proofs of a clock that is off by so much."""
    get_nonce(dpop)
    iat = int(clock().timestamp()) + seconds
    url = dpop.provider.endpoint("token_endpoint")
    answer = dpop.redeem(dpop.code(), more={"proof": dpop.proof("POST", url, iat=iat)})
    if answer.status_code != 200:
        return False
    shown = dpop.shown("GET", dpop.provider.base + ACCOUNTS, answer.get_json()["access_token"], iat=iat)
    return dpop.provider.http("GET", ACCOUNTS, headers=shown).status_code == 200


def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_before_succeeds(
    dpop: Client, clock: TestClock
) -> None:
    """FAPI 2.0 5.3.2.1 (13)."""
    assert shifted(dpop, clock, -10)


def test_fapi2_security_profile_final_ensure_dpopproof_with_iat_10seconds_after_succeeds(
    dpop: Client, clock: TestClock
) -> None:
    """FAPI 2.0 5.3.2.1 (13)."""
    assert shifted(dpop, clock, 10)


def test_fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails(dpop: Client) -> None:
    """10.1: dpop_jkt and the proof at the PAR endpoint name different keys."""
    get_nonce(dpop)
    other = ClientKey.make()
    url = dpop.provider.endpoint("pushed_authorization_request_endpoint")
    facts = dpop.asked(dpop_jkt=other.thumbprint)
    refused(dpop.push(facts, proof=dpop.proof("POST", url)), "invalid_dpop_proof", "invalid_request")
    assert dpop.push(facts, proof=dpop.proof("POST", url, key=other)).status_code == 201


def redeemed_with(dpop: Client, code: str, key: ClientKey) -> TestResponse:
    url = dpop.provider.endpoint("token_endpoint")
    return dpop.redeem(code, more={"proof": dpop.proof("POST", url, key=key)})


def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(dpop: Client) -> None:
    """10: a code asked for with dpop_jkt is redeemed with that key."""
    get_nonce(dpop)
    right = ClientKey.make()
    code = dpop.code(dpop_jkt=right.thumbprint)
    refused(redeemed_with(dpop, code, dpop.signing), "invalid_grant", "invalid_dpop_proof", "invalid_request")
    assert redeemed_with(dpop, code, right).status_code == 200


def code_bound_at_par(dpop: Client, key: ClientKey) -> str:
    """A code of a request that was pushed with this key's proof (10.1)."""
    get_nonce(dpop)
    url = dpop.provider.endpoint("pushed_authorization_request_endpoint")
    facts = dpop.asked()
    browser = dpop.provider.signed_in()
    arrived = browser.go_on(dpop.refer(browser, dpop.pushed(facts, proof=dpop.proof("POST", url, key=key))))
    return dpop.checked(arrived, facts).params["code"]  # type: ignore[arg-type]  # fails where it is a page


def test_fapi2_security_profile_final_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(dpop: Client) -> None:
    """10.1: so is one whose request was pushed with a proof."""
    code = code_bound_at_par(dpop, ClientKey.make())
    refused(redeemed_with(dpop, code, dpop.signing), "invalid_grant", "invalid_dpop_proof", "invalid_request")


def test_fapi2_security_profile_final_ensure_dpopproof_at_par_endpoint_binding_success(dpop: Client) -> None:
    """10.1."""
    key = ClientKey.make()
    assert redeemed_with(dpop, code_bound_at_par(dpop, key), key).status_code == 200


def test_fapi2_security_profile_final_ensure_dpop_auth_code_binding_success(dpop: Client) -> None:
    """10."""
    get_nonce(dpop)
    code = dpop.code(dpop_jkt=dpop.signing.thumbprint)
    assert redeemed_with(dpop, code, dpop.signing).status_code == 200


@dataclass
class Holder:
    """A client with a token that is bound to its key, and a nonce of the hub's."""

    client: Client
    token: str

    def proof(self, path: str, *, key: ClientKey | None = None, header: Change | None = None, **claims: Any) -> str:
        url = self.client.provider.base + path
        given: Change = {"access_token": self.token} | claims
        return self.client.proof("GET", url, key=key, header=header, **given)

    def show(
        self, path: str, proof: str | list[str] | None, *, scheme: str = "DPoP", name: str = "DPoP"
    ) -> TestResponse:
        headers = [("Authorization", f"{scheme} {self.token}")]
        proofs = proof if isinstance(proof, list) else [] if proof is None else [proof]
        answer = self.client.provider.http("GET", path, headers=headers + [(name, one) for one in proofs])
        self.client.learn(answer)
        return answer


@pytest.fixture(scope="module")
def holder(provider: Provider) -> Holder:
    client = bank_client(provider, key=ClientKey.make("PS256"))
    made = Holder(client, client.tokens()["access_token"])
    assert made.show(USERINFO, made.proof(USERINFO, nonce=None)).status_code == 401  # and now it has a nonce
    return made


def shift(seconds: int) -> Callable[[Holder, str], str]:
    return lambda held, path: held.proof(path, iat=int(held.client.provider.clock().timestamp()) + seconds)


def with_header(**members: Any) -> Callable[[Holder, str], str]:
    return lambda held, path: held.proof(path, header=members)


def with_claims(**claims: Any) -> Callable[[Holder, str], str]:
    return lambda held, path: held.proof(path, **claims)


def tampered(held: Holder, path: str) -> str:
    head, _, signature = held.proof(path).rpartition(".")
    return f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def without_alg(held: Holder, path: str) -> str:
    """Signed rightly, then the header's alg is taken out."""
    head, claims, signature = held.proof(path).split(".")
    header = orjson.loads(base64.urlsafe_b64decode(head + "=="))
    del header["alg"]
    return ".".join([b64(orjson.dumps(header)), claims, signature])


def unsigned(held: Holder, path: str) -> str:
    return held.proof(path, header={"alg": "none"}).rpartition(".")[0] + "."


def by_hmac(held: Holder, path: str) -> str:
    """HS256 with the public key as the secret (RFC 8725 2.1)."""
    head, claims, _ = held.proof(path, header={"alg": "HS256"}).split(".")
    secret = OctKey.import_key(orjson.dumps(held.client.signing.jwk()))
    signature = JWSRegistry.algorithms["HS256"].sign(f"{head}.{claims}".encode(), secret)
    return f"{head}.{claims}.{b64(signature)}"


def by_another_key(held: Holder, path: str) -> str:
    return held.proof(path, key=ClientKey.make())


def by_a_key_beside_its_own(held: Holder, path: str) -> str:
    """Another's signature under the right key's name."""
    return held.proof(path, key=ClientKey.make("PS256"), header={"jwk": held.client.signing.jwk()})


def with_private_key(held: Holder, path: str) -> str:
    return held.proof(path, header={"jwk": held.client.signing.key.as_dict(private=True)})


def by_rs256(held: Holder, path: str) -> str:
    return held.proof(path, key=replace(held.client.signing, alg="RS256"))


def wrong_curve(held: Holder, path: str) -> str:
    jwk = ECKey.generate_key("P-384").as_dict(private=False)
    return held.proof(path, header={"jwk": jwk, "alg": "ES256"})


def of_the_token_endpoint(held: Holder, path: str) -> str:
    return held.client.proof("POST", held.client.provider.endpoint("token_endpoint"), access_token=held.token)


REFUSED: dict[str, Callable[[Holder, str], Proof]] = {
    "no proof": lambda held, path: None,
    "two proofs": lambda held, path: [held.proof(path), held.proof(path)],
    "two proofs in one header": lambda held, path: f"{held.proof(path)}, {held.proof(path)}",
    "an empty proof": lambda held, path: "",
    "no JWT": lambda held, path: "not.a.jwt",
    "a JWT of two parts": lambda held, path: held.proof(path).rpartition(".")[0],
    "a JWT with padding": lambda held, path: held.proof(path) + "=",
    "the access token itself": lambda held, path: held.token,
    "typ missing": with_header(typ=LEFT_OUT),
    "typ JWT": with_header(typ="JWT"),
    "typ of an access token": with_header(typ="at+jwt"),
    "alg missing": without_alg,
    "alg none": unsigned,
    "alg RS256": by_rs256,
    "alg HS256": by_hmac,
    "alg unknown": with_header(alg="XS256"),
    "jwk missing": with_header(jwk=LEFT_OUT),
    "jwk with the private key": with_private_key,
    "jwk symmetric": with_header(jwk={"kty": "oct", "k": "AAAA"}),
    "jwk of another curve": wrong_curve,
    "jwk no object": with_header(jwk="key"),
    "jku beside it": with_header(jku="https://evil.example/jwks"),
    "x5u beside it": with_header(x5u="https://evil.example/pem"),
    "crit": with_header(crit=["exp"], exp=1),
    "jti missing": with_claims(jti=LEFT_OUT),
    "jti empty": with_claims(jti=""),
    "jti no text": with_claims(jti=5),
    "htm missing": with_claims(htm=LEFT_OUT),
    "htm of another method": with_claims(htm="PUT"),
    "htm in small letters": with_claims(htm="get"),
    "htu missing": with_claims(htu=LEFT_OUT),
    "htu of another path": with_claims(htu="https://localhost:8443/v1/transactions"),
    "htu of another host": with_claims(htu="https://other.example/v1/accounts"),
    "htu without a scheme": with_claims(htu="localhost:8443/v1/accounts"),
    "htu of another port": with_claims(htu="https://localhost:8444/oauth/userinfo"),
    "of the token endpoint": of_the_token_endpoint,
    "iat missing": with_claims(iat=LEFT_OUT),
    "iat as text": with_claims(iat="now"),
    "iat an hour ago": shift(-3600),
    "iat an hour ahead": shift(3600),
    "iat a minute and a half ago": shift(-90),
    "iat a minute ahead": shift(61),
    "exp over": with_claims(exp=1),
    "nbf an hour ahead": lambda held, path: held.proof(path, nbf=int(held.client.provider.clock().timestamp()) + 3600),
    "ath missing": with_claims(access_token=None),
    "ath of another token": with_claims(access_token="another"),
    "ath no text": with_claims(ath=5),
    "signature of nobody": tampered,
    "signature by another key, own jwk": by_another_key,
    "signature by another key, right jwk": by_a_key_beside_its_own,
    "nonce missing": with_claims(nonce=None),
    "nonce of another server": with_claims(nonce="AAAAAAAAAAAAAAAAAAAAAA"),
    "nonce no text": with_claims(nonce=5),
}


@pytest.mark.parametrize("path", RESOURCES)
@pytest.mark.parametrize("probe", REFUSED)
def test_fapi2_security_profile_final_dpop_negative_tests(holder: Holder, probe: str, path: str) -> None:
    """4.3, 7.1, 7.2: 401 with a challenge that names DPoP; and the right proof still works afterwards."""
    answer = holder.show(path, REFUSED[probe](holder, path))
    assert answer.status_code == 401, answer.text
    challenges = answer.headers.getlist("WWW-Authenticate")
    assert any(one.startswith("DPoP ") and "algs=" in one for one in challenges)
    assert all("error=" in one for one in challenges)
    assert holder.token not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert holder.show(path, holder.proof(path)).status_code == 200


@pytest.mark.parametrize("path", RESOURCES)
def test_a_bound_token_is_no_bearer_token(holder: Holder, path: str) -> None:
    """7.2: downgraded to Bearer, with the proof and without it."""
    for proof in (None, holder.proof(path)):
        answer = holder.show(path, proof, scheme="Bearer")
        assert answer.status_code == 401
        assert any('error="invalid_token"' in one for one in answer.headers.getlist("WWW-Authenticate"))


def test_a_bound_token_is_not_taken_from_a_form_or_an_address(holder: Holder) -> None:
    """FAPI 2.0 5.3.4 (1)."""
    provider, form = holder.client.provider, {"access_token": holder.token}
    proof = {"DPoP": holder.client.proof("POST", provider.base + USERINFO, access_token=holder.token)}
    assert provider.http("POST", USERINFO, data=form).status_code == 401
    assert provider.http("POST", USERINFO, data=form, headers=proof).status_code == 401
    for path in RESOURCES:
        assert provider.http("GET", path, query_string=form).status_code == 401


@pytest.mark.parametrize("path", RESOURCES)
def test_a_proof_is_good_once(holder: Holder, path: str) -> None:
    """11.1."""
    proof = holder.proof(path)
    assert holder.show(path, proof).status_code == 200
    assert holder.show(path, proof).status_code == 401
    fixed = holder.proof(path, jti="fixed-" + path)
    assert holder.show(path, fixed).status_code == 200
    assert holder.show(path, holder.proof(path, jti="fixed-" + path)).status_code == 401


ACCEPTED: dict[str, Callable[[Holder, str], str]] = {
    "as it should be": lambda held, path: held.proof(path),
    "htu with a query": lambda held, path: held.proof(path, htu=f"{held.client.provider.base}{path}?limit=1"),
    "htu with a fragment": lambda held, path: held.proof(path, htu=f"{held.client.provider.base}{path}#top"),
    "htu in capitals": lambda held, path: held.proof(path, htu=f"HTTPS://LOCALHOST:8443{path}"),
    "htu escaped": lambda held, path: held.proof(path, htu=held.client.provider.base + path.replace("o", "%6F")),
    "unknown claims": with_claims(extra={"a": [1]}, more="x"),
    "unknown header members": with_header(extra="x", more=[1]),
    "typ as a media type": with_header(typ="application/dpop+jwt"),
    "a kid": with_header(kid="whatever"),
    "iat 10 s ago": shift(-10),
    "iat 10 s ahead": shift(10),
}


@pytest.mark.parametrize("path", RESOURCES)
@pytest.mark.parametrize("probe", ACCEPTED)
def test_a_right_proof_may_be_written_otherwise(holder: Holder, probe: str, path: str) -> None:
    """4.3 (9), 4.2, RFC 3986 6.2; FAPI 2.0 5.3.2.1 (13)."""
    answer = holder.show(path, ACCEPTED[probe](holder, path))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("name", ["DPOP", "dpop", "dPoP"])
def test_the_headers_name_may_be_written_in_any_case(holder: Holder, name: str) -> None:
    """RFC 9110 5.1."""
    assert holder.show(ACCOUNTS, holder.proof(ACCOUNTS), name=name).status_code == 200


def test_the_query_of_the_request_is_not_in_the_proof(holder: Holder) -> None:
    """4.3 (9)."""
    assert holder.show(USERINFO + "?x=1", holder.proof(USERINFO)).status_code == 200


def test_a_nonce_is_asked_for_and_given(holder: Holder, provider: Provider) -> None:
    """8, 9: at the authorisation server 400, at the resource 401; each with a fresh nonce and never cached."""
    at_resource = holder.show(ACCOUNTS, holder.proof(ACCOUNTS, nonce=None))
    assert any('error="use_dpop_nonce"' in one for one in at_resource.headers.getlist("WWW-Authenticate"))
    assert at_resource.headers["DPoP-Nonce"]
    client = bank_client(provider)
    url = provider.endpoint("token_endpoint")
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    answer = client.post("token_endpoint", form, proof=client.proof("POST", url, nonce=None))
    refused(answer, "use_dpop_nonce")
    assert answer.headers["DPoP-Nonce"] == client.nonce
