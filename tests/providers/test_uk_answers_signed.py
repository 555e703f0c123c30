"""UK banks that are held to signing their answers: x-jws-signature under a key that the bank publishes."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc.jwk import RSAKey

from providers.errors import ContractBroken, ProviderError
from providers.port import Access, LinkStart
from providers.uk_obie.adapter import UkObieAdapter
from tests.providers import tpp
from tests.providers.pages import UK_ACCOUNT, uk

CONSENTS = f"{tpp.AISP}/account-access-consents"
BODY = b'{"Data":{"ConsentId":"consent-1","Status":"AWAU"}}'
CLAIMS = "http://openbanking.org.uk/"
ISS = "0015800000jfQ9aAAE"
CRIT = [CLAIMS + name for name in ("iat", "iss", "tan")]


class Bank:
    """Signs what it answers to a posted consent; the members are what a forger changes."""

    def __init__(
        self,
        header: dict[str, Any] | None = None,
        *,
        body: bytes = BODY,
        b64: bool = True,
        key: RSAKey | None = None,
    ) -> None:
        self.body, self.b64, self.key, self.header = body, b64, key or tpp.bank_key(), header or {}
        self.payload_inside = False
        self.signed = True
        self.status = 201

    def __call__(self, _request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        return self.status, {"x-jws-signature": self.signature()} if self.signed else {}, self.body

    def signature(self) -> str:
        claims = {CRIT[0]: int(datetime.now(UTC).timestamp()), CRIT[1]: ISS, CRIT[2]: "openbanking.org.uk"}
        header = {"alg": "PS256", "kid": "bank-1", "crit": CRIT, **claims}
        if not self.b64:
            header |= {"b64": False, "crit": ["b64", *CRIT]}
        header |= self.header
        header = {name: value for name, value in header.items() if value is not ...}
        return _compact(header, self.key, inside=self.payload_inside)


def _compact(header: dict[str, Any], key: RSAKey, *, inside: bool) -> str:
    """By RFC 7515 and 7797 alone, over the true body."""

    def url64(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    head = url64(json.dumps(header).encode())
    payload = BODY if header.get("b64") is False else url64(BODY).encode()
    pads: dict[str, Any] = {"PS256": padding.PSS(padding.MGF1(hashes.SHA256()), 32), "RS256": padding.PKCS1v15()}
    assert key.private_key is not None
    signature = key.private_key.sign(f"{head}.".encode() + payload, pads[header["alg"]], hashes.SHA256())
    return f"{head}.{payload.decode() if inside else ''}.{url64(signature)}"


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as one:
        one.post(f"{tpp.UK}/token", json={"access_token": "at", "token_type": "bearer", "expires_in": 600})
        one.get(f"{tpp.UK}/jwks", json=tpp.bank_jwks())
        yield one


def adapter(**answers: Any) -> UkObieAdapter:
    return UkObieAdapter(tpp.albion(answers={"iss": ISS} | answers), tpp.tpp())


def started(mock: responses.RequestsMock, bank: Bank, **answers: Any) -> LinkStart:
    mock.add_callback("POST", CONSENTS, callback=bank)
    return adapter(**answers).start(tpp.link_request())


@pytest.mark.parametrize("b64", [True, False])
def test_what_the_bank_signed_is_read(mock: responses.RequestsMock, b64: bool) -> None:
    assert started(mock, Bank(b64=b64)).state.bank_consent_id == "consent-1"


def unsigned() -> Bank:
    bank = Bank()
    bank.signed = False
    return bank


def attached() -> Bank:
    bank = Bank()
    bank.payload_inside = True
    return bank


STRANGER = RSAKey.generate_key(2048, {"kid": "bank-1"})
NOW = datetime.now(UTC).timestamp()
FORGED: list[tuple[str, Bank]] = [
    ("not signed", unsigned()),
    ("way of the standard", attached()),
    ("does not hold", Bank(body=BODY.replace(b"consent-1", b"consent-2"))),
    ("does not hold", Bank(body=BODY.replace(b"consent-1", b"consent-2"), b64=False)),
    ("does not hold", Bank(key=STRANGER)),
    ("no key", Bank({"kid": "other"})),
    ("no key", Bank({"kid": ""})),
    ("header of the standard", Bank({"kid": ...})),
    ("not allowed", Bank({"alg": "RS256"})),
    ("somebody else", Bank({CRIT[1]: "another"})),
    ("somebody else", Bank({CRIT[2]: "example.com"})),
    ("just now", Bank({CRIT[0]: NOW - 3600})),
    ("just now", Bank({CRIT[0]: NOW + 3600})),
    ("header of the standard", Bank({CRIT[0]: 1e40})),
    ("header of the standard", Bank({CRIT[0]: ...})),
    ("way of the standard", Bank({"crit": CRIT[:2]})),
    ("way of the standard", Bank({"crit": [*CRIT, "exp"]})),
    ("way of the standard", Bank({"crit": CRIT}, b64=False)),
]


@pytest.mark.parametrize(("why", "bank"), FORGED)
def test_what_is_not_signed_so_is_not_believed(mock: responses.RequestsMock, why: str, bank: Bank) -> None:
    with pytest.raises(ContractBroken, match=why) as caught:
        started(mock, bank)
    assert caught.value.step == "start"


def test_a_key_that_the_bank_has_just_begun_to_use_is_looked_for(mock: responses.RequestsMock) -> None:
    one = adapter()
    mock.add_callback("POST", CONSENTS, callback=Bank())
    one.start(tpp.link_request())
    one.start(tpp.link_request())
    assert sum(call.request.url == f"{tpp.UK}/jwks" for call in mock.calls) == 1


def test_a_refusal_may_come_unsigned_where_the_file_says_so_and_never_wrongly_signed(
    mock: responses.RequestsMock,
) -> None:
    bank = unsigned()
    bank.status = 400
    with pytest.raises(ContractBroken, match="not signed"):
        started(mock, bank)
    with pytest.raises(ProviderError) as caught:
        started(mock, bank, refusals=False)
    assert "not signed" not in str(caught.value)
    wrong = Bank(key=STRANGER)
    wrong.status = 400
    mock.remove("POST", CONSENTS)
    with pytest.raises(ContractBroken, match="does not hold"):
        started(mock, wrong, refusals=False)


@pytest.mark.parametrize("on", ["posts", "all"])
def test_what_is_read_is_signed_too_where_the_file_says_all(mock: responses.RequestsMock, on: str) -> None:
    mock.get(f"{tpp.AISP}/accounts", body=uk("Account", UK_ACCOUNT))
    access = Access("consent-1", None, None, {"access_token": "at"})
    if on == "posts":
        assert adapter(on=on).accounts(access, psu=None)
        return
    with pytest.raises(ContractBroken, match="not signed"):
        adapter(on=on).accounts(access, psu=None)
