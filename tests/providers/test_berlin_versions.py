"""openFinance 2.x through the same adapter: other paths, headers and members, the same life of a link."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
import responses

from providers.berlin_group.adapter import BerlinGroupAdapter
from providers.berlin_group.versions import V1, V2, Version, version_of
from providers.errors import ProviderError, ReconsentRequired, Refused
from providers.model import Account
from providers.port import Access, Ask, LinkStart, Redirect
from providers.registry import CatalogueError, Institution
from tests.providers import tpp
from tests.providers.pages import BERLIN_ACCOUNT, BERLIN_BALANCE, BERLIN_TRANSACTION, berlin
from tests.providers.sandbox_banks import PSU

V2_URL = f"{tpp.BERLIN}/v2"
CONSENTS = f"{V2_URL}/consents/account-access"
ONE = f"{CONSENTS}/consent-1"
RIGHTS = ["accountDetails", "balances", "transactions"]
IBAN = "DE02120300000000202051"


@pytest.fixture
def bank() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{ONE}/status", json={"consentStatus": "valid"})
        mock.get(ONE, json={"consentStatus": "valid", "validTo": "2026-05-31"})
        yield mock


def open_finance(**api: Any) -> Institution:
    return msgspec.structs.replace(tpp.lorelei(**api), version="2.2")


def begun(bank: responses.RequestsMock, adapter: BerlinGroupAdapter, **links: Any) -> LinkStart:
    told = {"consentStatus": "received", "consentId": "consent-1", "_links": links}
    bank.post(CONSENTS, json=told, status=201)
    return adapter.start(tpp.link_request())


@pytest.mark.parametrize(
    ("number", "version"), [("1.3", V1), ("1.3.12", V1), ("1.1", V1), ("2", V2), ("2.2", V2), ("20.1", V1)]
)
def test_a_banks_version_says_which_names_it_knows(number: str, version: Version) -> None:
    assert version_of(number) is version


@pytest.mark.parametrize(
    ("model", "kind"), [("bank_offered", "aspspManaged"), ("global", "global"), ("dedicated", "detailed")]
)
def test_a_consent_is_asked_for_in_the_words_of_version_2(bank: responses.RequestsMock, model: str, kind: str) -> None:
    adapter = BerlinGroupAdapter(open_finance(consent_model=model, approach="decoupled"), tpp.tpp())
    start = begun(bank, adapter, scaRedirect=f"{tpp.BERLIN}/sca/1")
    if model == "dedicated":
        gone_on = adapter.advance(start.state, {"ibans": IBAN}, now=tpp.NOW, psu=PSU)
        assert isinstance(gone_on, LinkStart)
        start = gone_on
    assert start.step == Redirect(f"{tpp.BERLIN}/sca/1")
    request = bank.calls[0].request
    entry: dict[str, Any] = {"rights": RIGHTS} | ({"account": {"iban": IBAN}} if model == "dedicated" else {})
    assert json.loads(request.body or "") == {
        "consentType": kind,
        "access": {"payments": [entry]},
        "recurringIndicator": True,
        "validTo": "2026-08-28",
        "frequencyPerDay": 4,
    }
    assert request.headers["Client-SCA-Approach-Preference"] == "decoupled"
    assert request.headers["Client-Redirect-URI"] == f"{tpp.CALLBACK}?state=state-1"
    assert request.headers["Client-Nok-Redirect-URI"] == f"{tpp.CALLBACK}?state=state-1&error=access_denied"
    assert not [name for name in request.headers if name.startswith("TPP-")]


def test_who_confirms_in_the_app_is_linked_read_and_left(bank: responses.RequestsMock) -> None:
    adapter = BerlinGroupAdapter(open_finance(approach="decoupled"), tpp.tpp())
    told = {"scaStatus": "started", "psuMessage": "Confirm.", "_links": {"scaStatus": f"{ONE}/authorisations/1"}}
    bank.post(f"{ONE}/authorisations", json=told, status=201)
    bank.get(f"{ONE}/authorisations/1", json={"scaStatus": "finalised"})
    start = begun(bank, adapter, startAuthorisation={"href": "/v2/consents/account-access/consent-1/authorisations"})
    assert isinstance(start.step, Ask)
    assert "Client-Redirect-URI" in bank.calls[1].request.headers
    access = adapter.advance(start.state, {}, now=tpp.NOW, psu=PSU)
    assert access == Access("consent-1", None, datetime(2026, 6, 1, tzinfo=UTC))
    bank.get(f"{V2_URL}/accounts", json={"accounts": [BERLIN_ACCOUNT]})
    bank.get(f"{V2_URL}/accounts/acc-1/balances", json={"balances": [BERLIN_BALANCE]})
    bank.get(f"{V2_URL}/accounts/acc-1/transactions", body=berlin(BERLIN_TRANSACTION))
    account = Account("acc-1", "EUR")
    assert adapter.accounts(access, psu=None)
    assert adapter.balances(access, account, psu=None)
    days = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}
    assert list(adapter.transactions(access, account, psu=None, **days))
    bank.delete(ONE, status=204)
    adapter.revoke(access)


REFUSALS: list[tuple[int, str, type[ProviderError]]] = [
    (401, "CONSENT_EXPIRED", ReconsentRequired),
    (403, "CONSENT_UNKNOWN", ReconsentRequired),
    (400, "FORMAT_ERROR", Refused),
]


@pytest.mark.parametrize(("status", "code", "kind"), REFUSALS)
def test_a_refusal_is_read_from_the_messages_of_version_2(
    bank: responses.RequestsMock, status: int, code: str, kind: type[ProviderError]
) -> None:
    adapter = BerlinGroupAdapter(open_finance(), tpp.tpp())
    bank.get(f"{V2_URL}/accounts", json={"apiClientMessages": [{"category": "ERROR", "code": code}]}, status=status)
    with pytest.raises(kind, match=code):
        adapter.accounts(Access("consent-1", None, None), psu=None)


def test_a_consent_that_a_newer_one_replaced_is_over(bank: responses.RequestsMock) -> None:
    adapter = BerlinGroupAdapter(open_finance(), tpp.tpp())
    bank.replace("GET", f"{ONE}/status", json={"consentStatus": "replacedByTPP"})
    with pytest.raises(ReconsentRequired, match="replacedByTPP"):
        adapter.refresh(Access("consent-1", None, None), now=tpp.NOW)


def test_a_bank_of_version_2_is_signed_to_by_a_certificate_or_not_at_all() -> None:
    with pytest.raises(CatalogueError, match="QSealC"):
        BerlinGroupAdapter(open_finance(signing={}), tpp.tpp())
