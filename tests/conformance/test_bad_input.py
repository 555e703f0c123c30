"""Bad input at every endpoint of the authorisation server: refused in the standards' own words, never with a 5xx, never
with a redirect to an address that is not the client's, and nothing of it is said back.
"""

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from tests.conformance.browser import Answer, Page
from tests.conformance.provider import Provider
from tests.conformance.rp import CALLBACK, Client, bank_client, shop

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MARK = "zq7MARKzq7"
"""In everything that is sent here, and in nothing that comes back."""

BACK_CHANNEL = (
    "token_endpoint",
    "pushed_authorization_request_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "device_authorization_endpoint",
    "backchannel_authentication_endpoint",
)
ERRORS = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type", "unauthorized_client"}
)

# What the body is besides the client's own credentials, or instead of them: body, content type, further arguments.
BODIES: dict[str, tuple[bytes, str | None, dict[str, Any]]] = {
    "nothing at all": (b"", FORM, {}),
    "no content type": (b"a=b", None, {}),
    "JSON": (b'{"grant_type":"client_credentials"}', JSON, {}),
    "JSON that says it is a form": (b'{"grant_type":"client_credentials"}', FORM, {}),
    "multipart": (b'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\nt\r\n--x--\r\n',
                  "multipart/form-data; boundary=x", {}),
    "multipart that never ends": (b"--x\r\n", "multipart/form-data; boundary=x", {}),
    "XML": (b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>", "application/xml", {}),
    "text": (b"token=t", "text/plain", {}),
    "bytes that are no text": (b"token=\xff\xfe\x00", FORM, {}),
    "an escape of no UTF-8": (b"token=%ff%fe", FORM, {}),
    "an overlong escape": (b"token=%c0%af", FORM, {}),
    "a NUL": (b"token=a%00b", FORM, {}),
    "a line break": (b"token=a%0d%0aSet-Cookie:%20x=1", FORM, {}),
    "sixty-five parameters": (b"&".join(b"p%d=1" % number for number in range(65)), FORM, {}),
    "a parameter of a hundred thousand characters": (b"token=" + b"x" * 100_000, FORM, {}),
    "more than the hub takes": (b"token=" + b"x" * 300_000, FORM, {}),
    "a parameter twice": (b"grant_type=client_credentials&grant_type=refresh_token&token=a&token=b", FORM, {}),
    "itself twice": (b"client_id=a&client_id=b", FORM, {}),
    "parameters in the address": (b"", FORM, {"query_string": {"grant_type": "client_credentials", "token": "t"}}),
    "credentials in the address": (b"token=t", FORM, {"query_string": {"client_id": "a", "client_secret": "b"}}),
    "lists and objects, as some frameworks read them": (b"token[]=a&token[b]=c&grant_type[$ne]=x", FORM, {}),
}  # fmt: skip

HEADERS: dict[str, list[tuple[str, str]]] = {
    "Basic and nothing": [("Authorization", "Basic")],
    "Basic that is no base64": [("Authorization", f"Basic {MARK}!!!")],
    "Basic without a colon": [("Authorization", "Basic " + base64.b64encode(MARK.encode()).decode())],
    "Basic that is no text": [("Authorization", "Basic " + base64.b64encode(b"\xff:\xff").decode())],
    "Basic of nobody": [("Authorization", "Basic " + base64.b64encode(f"{MARK}:{MARK}".encode()).decode())],
    "Basic with a NUL": [("Authorization", "Basic " + base64.b64encode(b"a\0:b").decode())],
    "another scheme": [("Authorization", f"Bearer {MARK}")],
    "two Authorizations": [("Authorization", "Basic YTpi"), ("Authorization", "Basic YTpi")],
    "a DPoP header that is none": [("DPoP", MARK)],
    "a certificate that is none": [("Client-Cert", f":{MARK}:"), ("X-Client-Verify", "SUCCESS")],
    "an id that is none": [("x-fapi-interaction-id", "not a uuid " + MARK)],
}


@pytest.fixture(scope="module")
def secret(provider: Provider) -> Client:
    return shop(provider, grant_types=["authorization_code", "refresh_token", "client_credentials"])


@pytest.fixture(scope="module")
def signing(provider: Provider) -> Client:
    return bank_client(provider, signing=True)


def is_refused_well(answer: TestResponse) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    assert "Location" not in answer.headers
    assert answer.mimetype in {JSON, "application/problem+json"}
    assert MARK not in answer.text
    assert MARK not in str(answer.headers)
    assert answer.headers["Cache-Control"] == "no-store"
    if answer.mimetype == JSON:
        assert answer.get_json()["error"] in ERRORS, answer.text
    else:
        assert answer.status_code == 413
    used_header = "Authorization" in answer.request.headers
    assert ("WWW-Authenticate" in answer.headers) is (answer.status_code == 401 and used_header)  # RFC 6749 5.2


@pytest.mark.parametrize("endpoint", BACK_CHANNEL)
@pytest.mark.parametrize("what", BODIES)
def test_a_body_that_is_no_form_in_order(provider: Provider, secret: Client, endpoint: str, what: str) -> None:
    """RFC 6749 3.2, 5.2; RFC 9126 2.3; RFC 7009 2.2.1; RFC 7662 2.3: by a client that is known, then by nobody."""
    body, kind, more = BODIES[what]
    url = provider.endpoint(endpoint)
    for auth in ({"auth": (secret.id, secret.told["client_secret"])}, {}):
        is_refused_well(provider.http("POST", url, data=body, content_type=kind, **more, **auth))


@pytest.mark.parametrize("endpoint", BACK_CHANNEL)
@pytest.mark.parametrize("what", HEADERS)
def test_a_header_that_proves_nothing(provider: Provider, endpoint: str, what: str) -> None:
    """RFC 6749 2.3, 5.2."""
    form = {"grant_type": "authorization_code", "code": MARK, "token": MARK, "client_id": MARK}
    is_refused_well(provider.http("POST", provider.endpoint(endpoint), data=form, headers=HEADERS[what]))


@pytest.mark.parametrize("endpoint", BACK_CHANNEL)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE"])
def test_another_method(provider: Provider, endpoint: str, method: str) -> None:
    """RFC 6749 3.2: POST only."""
    answer = provider.http(method, provider.endpoint(endpoint), query_string={"token": MARK})
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert MARK not in answer.text


def test_two_ways_to_authenticate_at_once(provider: Provider, secret: Client) -> None:
    """RFC 6749 2.3."""
    known = (secret.id, secret.told["client_secret"])
    form = {"grant_type": "client_credentials", "client_id": known[0], "client_secret": known[1]}
    answer = provider.http("POST", provider.endpoint("token_endpoint"), data=form, auth=known)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")


REQUESTS: dict[str, str] = {
    "nothing": "",
    "garbage": "%%%&&&===",
    "an escape of no UTF-8": "client_id=%ff%fe",
    "a NUL": "client_id=a%00b",
    "a client of nobody": f"client_id={MARK}&redirect_uri=https://evil.example/{MARK}",
    "a hundred parameters": "&".join(f"p{number}=1" for number in range(100)),
    "a client twice": "client_id=a&client_id=b",
    "a request_uri of nobody": f"client_id=a&request_uri=urn:ietf:params:oauth:request_uri:{MARK}",
    "markup": "client_id=<script>alert(1)</script>&redirect_uri=javascript:alert(1)",
    "a very long client": "client_id=" + "x" * 5000,
}


@pytest.mark.parametrize("what", REQUESTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_authorization_request_that_nobody_can_be_answered_for(provider: Provider, what: str, method: str) -> None:
    """RFC 6749 4.1.2.1: a page for the person, which repeats nothing."""
    url = provider.endpoint("authorization_endpoint")
    sent: dict[str, Any] = {"data": REQUESTS[what], "content_type": FORM}
    answer = provider.http("GET", f"{url}?{REQUESTS[what]}") if method == "GET" else provider.http("POST", url, **sent)
    assert answer.status_code == 400
    assert 'id="error-title"' in answer.text
    assert "Location" not in answer.headers
    assert MARK not in answer.text
    assert "<script>alert" not in answer.text


CHANGES: dict[str, dict[str, Any]] = {
    "scope of control characters": {"scope": "openid\u00a0email"},
    "scope of nothing": {"scope": None},
    "prompt of no value": {"prompt": "select everything"},
    "max_age no number": {"max_age": "-1"},
    "max_age huge": {"max_age": "9" * 30},
    "claims no JSON": {"claims": "{"},
    "claims nested deeply": {"claims": '{"userinfo":' * 500 + "{}" + "}" * 500},
    "claims an array": {"claims": "[]"},
    "request no JWT": {"request": MARK},
    "request empty parts": {"request": ".."},
    "request_uri inside": {"request_uri": "file:///etc/passwd"},
    "request_uri of the hub itself": {"request_uri": "http://127.0.0.1:8000/oauth/jwks"},
    "registration": {"registration": "{}"},
    "resource of another": {"resource": "https://evil.example"},
    "code_challenge too short": {"code_challenge": "x", "code_challenge_method": "S256"},
    "code_challenge without a method": {"code_challenge": "x" * 43},
    "dpop_jkt no thumbprint": {"dpop_jkt": "x"},
    "id_token_hint garbage": {"id_token_hint": MARK, "prompt": "none"},
    "state too long": {"state": "s" * 3000},
    "nonce too long": {"nonce": "n" * 3000},
    "a parameter too long": {"extra": "x" * 5000},
    "authorization_details no JSON": {"authorization_details": "{["},
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_request_that_is_wrong_is_answered_to_its_client_only(provider: Provider, secret: Client, what: str) -> None:
    """RFC 6749 4.1.2.1, OIDC Core 3.1.2.6: an error of the standards at the registered address, or a page."""
    query = urlencode({name: value for name, value in secret.asked(**CHANGES[what]).items() if value is not None})
    arrived = provider.signed_in().open(provider.endpoint("authorization_endpoint") + "?" + query)
    if isinstance(arrived, Page):
        assert arrived.status in {200, 400}
        return
    assert isinstance(arrived, Answer)
    assert arrived.url.startswith(CALLBACK + "?")
    assert arrived.params["error"]
    assert arrived.params["iss"] == provider.base
    assert "code" not in arrived.params
    assert MARK not in arrived.url


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.", "x" * 10_000, "é", "\x7f", "null"]
)
@pytest.mark.parametrize("scheme", ["Bearer", "DPoP", "Basic", ""])
def test_a_token_that_is_none(provider: Provider, scheme: str, token: str) -> None:
    """RFC 6750 3.1: 401 with a challenge, at userinfo and at the API."""
    for path in ("/oauth/userinfo", "/v1/accounts"):
        headers = {"Authorization": f"{scheme} {token}".encode().decode("latin-1")}
        answer = provider.http("GET", path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"]


METADATA: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", JSON),
    "no JSON": (b"{", JSON),
    "an array": (b"[]", JSON),
    "a text": (b'"x"', JSON),
    "a member twice": (b'{"redirect_uris":[],"redirect_uris":["https://shop.example/cb"]}', JSON),
    "nested deeply": (b'{"jwks":' * 200 + b"{}" + b"}" * 200, JSON),
    "no number": (b'{"default_max_age":NaN}', JSON),
    "bytes that are no text": (b'{"client_name":"\xff"}', JSON),
    "half of a pair of surrogates": (b'{"redirect_uris":["https://shop.example/cb"],"client_name":"\\ud800"}', JSON),
    "a NUL": (b'{"redirect_uris":["https://shop.example/cb"],"client_name":"a\\u0000b"}', JSON),
    "a form": (b"redirect_uris=https://shop.example/cb", FORM),
    "another type": (b"{}", "text/plain"),
    "too much": (b'{"client_name":"' + b"x" * 100_000 + b'"}', JSON),
    "more than the hub takes": (b'{"client_name":"' + b"x" * 300_000 + b'"}', JSON),
    "a huge number": (b'{"default_max_age":1' + b"0" * 400 + b"}", JSON),
    "an address of the inside": (b'{"redirect_uris":["https://shop.example/cb"],"jwks_uri":"https://10.0.0.1/"}', JSON),
    "markup for a name": (b'{"redirect_uris":["https://shop.example/cb"],"client_uri":"javascript:alert(1)"}', JSON),
}


@pytest.mark.parametrize("what", METADATA)
def test_metadata_that_cannot_be(provider: Provider, what: str) -> None:
    """RFC 7591 3.2.2."""
    body, kind = METADATA[what]
    answer = provider.http("POST", provider.endpoint("registration_endpoint"), data=body, content_type=kind)
    assert 400 <= answer.status_code < 500
    if answer.status_code != 413:
        assert answer.get_json()["error"] in {"invalid_client_metadata", "invalid_redirect_uri"}
