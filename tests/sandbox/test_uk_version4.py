"""Cambria Bank speaks 4.0: its answers are signed, and every resource is what the official OpenAPI file says."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.sandbox.browser import Browser
from tests.sandbox.processes import TODAY, RunningBank, start
from tests.sandbox.specs import check
from tests.sandbox.uk_tpp import EVERYTHING, REDIRECT_URI, Keys, UkTpp, parameters

SECRET = "a secret for tests"
MORE = [
    "ReadBeneficiariesDetail",
    "ReadDirectDebits",
    "ReadOffers",
    "ReadProducts",
    "ReadScheduledPaymentsDetail",
    "ReadStandingOrdersDetail",
    "ReadStatementsDetail",
]
ALL = EVERYTHING + MORE
RESOURCES = [
    ("balances", "Balance"),
    ("transactions", "Transaction"),
    ("standing-orders", "StandingOrder"),
    ("direct-debits", "DirectDebit"),
    ("scheduled-payments", "ScheduledPayment"),
    ("beneficiaries", "Beneficiary"),
    ("statements", "Statement"),
    ("parties", "Party"),
    ("product", "Product"),
    ("offers", "Offer"),
]


class CambriaTpp(UkTpp):
    def __init__(self, bank_url: str, keys: Keys) -> None:
        super().__init__(bank_url, keys)
        self.api = f"{bank_url}/open-banking/v4.0/aisp"

    def request_claims(self, consent_id: str, **changes: Any) -> dict[str, Any]:
        return super().request_claims(consent_id, **{"response_type": "code", "response_mode": "jwt", **changes})

    def approve(self, claims: dict[str, Any], username: str = "alice", accounts: int | None = None) -> dict[str, str]:
        browser = Browser(self.url)
        assert browser.open(self.authorize_url(claims)) is None
        assert browser.submit(username=username, password=f"{username}-at-cambria") is None
        boxes = browser.find_all(r'name="account" value="([^"]+)"')
        target = browser.submit(account=boxes[:accounts], decision="approve")
        assert target is not None
        return self.signed(target)

    def signed(self, target: str) -> dict[str, str]:
        """What the one parameter of the answer says, once the bank's signature is right."""
        (answer,) = parameters(target).values()
        keys = KeySet.import_key_set(requests.get(f"{self.url}/jwks", timeout=5).json())
        return {name: str(value) for name, value in jwt.decode(answer, keys, algorithms=["PS256"]).claims.items()}


@pytest.fixture(scope="module")
def bank(keys: Keys) -> Iterator[RunningBank]:
    bank = start(
        "sandbox.uk",
        "--bank",
        "cambria",
        "--client-secret",
        SECRET,
        "--today",
        TODAY,
        "--client-jwks-uri",
        keys.jwks_uri,
        "--redirect-uri",
        REDIRECT_URI,
    )
    yield bank
    bank.stop()


@pytest.fixture
def tpp(bank: RunningBank, keys: Keys) -> CambriaTpp:
    return CambriaTpp(bank.url, keys)


@pytest.mark.parametrize(("path", "name"), RESOURCES)
def test_every_resource_is_what_the_standard_says(tpp: CambriaTpp, path: str, name: str) -> None:
    token = tpp.access(permissions=ALL)["access_token"]
    listed = tpp.call("GET", "/accounts", token)
    check("uk4", "/accounts", listed)
    rows = 0
    for account in listed.json()["Data"]["Account"]:
        answer = tpp.call("GET", f"/accounts/{account['AccountId']}/{path}", token)
        check("uk4", f"/accounts/{{AccountId}}/{path}", answer)
        rows += len(answer.json()["Data"][name])
    assert rows


@pytest.mark.parametrize(("path", "name"), RESOURCES)
def test_a_consent_without_its_code_opens_no_resource(tpp: CambriaTpp, path: str, name: str) -> None:
    token = tpp.access(permissions=["ReadAccountsBasic"])["access_token"]
    account_id = tpp.call("GET", "/accounts", token).json()["Data"]["Account"][0]["AccountId"]
    refused = tpp.call("GET", f"/accounts/{account_id}/{path}", token)
    check("uk4", f"/accounts/{{AccountId}}/{path}", refused)
    assert refused.status_code == 403
    assert refused.json()["Errors"][0]["ErrorCode"] == "U008"


def test_basic_codes_do_not_show_whom(tpp: CambriaTpp) -> None:
    token = tpp.access(permissions=["ReadAccountsBasic", "ReadStandingOrdersBasic"])["access_token"]
    account_id = tpp.call("GET", "/accounts", token).json()["Data"]["Account"][0]["AccountId"]
    (order, *_) = tpp.call("GET", f"/accounts/{account_id}/standing-orders", token).json()["Data"]["StandingOrder"]
    assert "CreditorAccount" not in order


def test_a_consent_says_its_status_in_codes(tpp: CambriaTpp) -> None:
    created = tpp.propose()
    check("uk4", "/account-access-consents", created)
    assert created.json()["Data"]["Status"] == "AWAU"
    consent_id = created.json()["Data"]["ConsentId"]
    tpp.approve(tpp.request_claims(consent_id))
    read = tpp.call("GET", f"/account-access-consents/{consent_id}", tpp.client_token())
    check("uk4", "/account-access-consents/{ConsentId}", read)
    assert read.json()["Data"]["Status"] == "AUTH"


@pytest.mark.parametrize(
    "changed", [{"response_mode": None}, {"response_mode": "query"}, {"response_mode": "fragment"}]
)
def test_an_unsigned_answer_is_not_to_be_had(tpp: CambriaTpp, changed: dict[str, Any]) -> None:
    claims = tpp.request_claims(tpp.consent_id(), **changed)
    target = Browser(tpp.url).open(tpp.authorize_url(claims))
    assert target is not None
    assert tpp.signed(target)["error"] == "invalid_request"


SECRETS = [
    ({"auth": ("rialto", SECRET)}, {}, 200),
    ({}, {"client_id": "rialto", "client_secret": SECRET}, 200),
    ({"auth": ("rialto", "wrong")}, {}, 401),
    ({"auth": ("other", SECRET)}, {}, 401),
    ({}, {"client_id": "other", "client_secret": SECRET}, 401),
    ({}, {"client_id": "rialto", "client_secret": ""}, 401),
    ({}, {"client_id": "rialto"}, 401),
]


@pytest.mark.parametrize(("how", "form", "status"), SECRETS)
def test_a_secret_is_proof_only_if_it_is_right(
    tpp: CambriaTpp, how: dict[str, Any], form: dict[str, str], status: int
) -> None:
    asked = {"grant_type": "client_credentials", "scope": "accounts", **form}
    assert requests.post(f"{tpp.url}/token", data=asked, timeout=5, **how).status_code == status


def test_a_bank_that_gave_no_secret_takes_none(uk: UkTpp) -> None:
    form = {"grant_type": "client_credentials", "scope": "accounts", "client_id": "rialto", "client_secret": ""}
    assert requests.post(f"{uk.url}/token", data=form, timeout=5).status_code == 401


def test_funds_are_confirmed_as_the_standard_says(tpp: CambriaTpp) -> None:
    everything = tpp.access(permissions=ALL)["access_token"]
    account = tpp.call("GET", "/accounts", everything).json()["Data"]["Account"][0]["Account"][0]
    debtor = {name: account[name] for name in ("SchemeName", "Identification")}
    api, tpp.api = tpp.api, tpp.api.replace("aisp", "cbpii")
    own = str(tpp.token(grant_type="client_credentials", scope="fundsconfirmations").json()["access_token"])
    created = tpp.call("POST", "/funds-confirmation-consents", own, json={"Data": {"DebtorAccount": debtor}})
    check("uk4_funds", "/funds-confirmation-consents", created)
    consent_id = created.json()["Data"]["ConsentId"]
    tpp.scope = "openid fundsconfirmations"
    claims = tpp.request_claims(consent_id)
    token = tpp.exchange(tpp.approve(claims)["code"]).json()["access_token"]
    asked = {"Amount": "1.00", "Currency": "GBP"}
    question = {"ConsentId": consent_id, "Reference": "r", "InstructedAmount": asked}
    answer = tpp.call("POST", "/funds-confirmations", token, json={"Data": question})
    check("uk4_funds", "/funds-confirmations", answer)
    assert answer.json()["Data"]["FundsAvailable"] is True
    assert tpp.call("POST", "/funds-confirmations", everything, json={"Data": question}).status_code == 403
    assert tpp.call("GET", f"{api}/accounts", token).status_code == 403
