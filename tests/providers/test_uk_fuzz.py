"""Whatever a British bank answers, at whichever of its addresses, only our own errors leave the adapter."""

import json
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.errors import ProviderError
from providers.model import Account, Identifier, Money, Scheme
from providers.port import Access, LinkState, Psu, Resource
from providers.transport import Limits
from providers.uk_obie.adapter import UkObieAdapter
from tests.providers import tpp
from tests.providers.pages import UK_ACCOUNT, UK_BALANCE, UK_TRANSACTION, uk
from tests.providers.test_fuzz import JUNK, bent

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FUNDS = f"{tpp.UK}/open-banking/v4.0/cbpii"
ACCESS = Access("consent-1", None, None, {"access_token": "at-1", "refresh_token": "rt-1"})
STATE = LinkState("consent-1", tpp.CALLBACK, "state-1", "nonce-1", {"code_verifier": "v" * 64})
TOKEN = {"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": "a.b.c", "scope": "accounts"}
CONSENT = {"Data": {"ConsentId": "consent-1", "Status": "AUTH", "ExpirationDateTime": "2026-08-28T23:59:59Z"}}
ERROR = {"Code": "400", "Errors": [{"ErrorCode": "U009", "Message": "no"}], "error": "invalid_grant"}
GOOD: list[Any] = [
    TOKEN,
    CONSENT,
    ERROR,
    tpp.bank_jwks(),
    *(json.loads(uk(name, row)) for name, row in (("Account", UK_ACCOUNT), ("Balance", UK_BALANCE))),
    json.loads(uk("Transaction", UK_TRANSACTION)),
    {"Data": {"FundsAvailable": True}},
]
ANSWERS = st.one_of(
    st.sampled_from(GOOD).flatmap(bent),
    st.sampled_from([json.dumps(one).encode() for one in GOOD]),
    st.binary(max_size=60),
    JUNK.map(lambda value: json.dumps(value).encode()),
    st.just(b"[" * 3000),
)
STATUSES = st.sampled_from([200, 200, 200, 201, 201, 202, 204, 302, 400, 401, 403, 404, 409, 429, 500, 503])
APIS: list[dict[str, Any]] = [
    {},
    {"authorize": {"response_type": "code id_token"}},
    {"authorize": {"response_mode": "jwt"}, "accounts_at_link": True},
    {"id_token_leniencies": ["no_id_token", "no_nonce", "milliseconds"], "accounts_at_link": True},
    {"errors": [{"means": "later", "message": "no", "step": "consent"}], "tokens": {"refresh": "one_use"}},
]
CALLBACKS: list[dict[str, str]] = [
    {"state": "state-1", "code": "c"},
    {"state": "state-1", "code": "c", "id_token": "a.b.c"},
    {"response": "e30.eyJzdGF0ZSI6InN0YXRlLTEifQ.c"},
    {"state": "state-1", "error": "\ud800"},
    {},
]


@FEW
@given(
    st.lists(st.tuples(STATUSES, ANSWERS), min_size=6, max_size=6), st.sampled_from(APIS), st.sampled_from(CALLBACKS)
)
def test_only_our_errors_leave_the_adapter(
    answers: list[tuple[int, bytes]], api: dict[str, Any], callback: dict[str, str]
) -> None:
    offered = [one.value for one in Resource]
    bank = tpp.albion(resources=offered, funds={"base": FUNDS, "version": "4.0"}, **api)
    one = UkObieAdapter(bank, tpp.tpp(), limits=Limits(tries=1))
    account = Account("22289", "GBP")
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for (status, body), (method, url) in zip(
            answers,
            (
                ("POST", f"{tpp.UK}/token"),
                ("GET", f"{tpp.UK}/jwks"),
                ("POST", f"{tpp.AISP}/account-access-consents"),
                ("GET", f"{tpp.AISP}/account-access-consents/consent-1"),
                ("GET", f"{tpp.AISP}/accounts"),
                ("GET", f"{tpp.AISP}/accounts/22289/balances"),
            ),
            strict=True,
        ):
            mock.add(method, url, body=body, status=status)
        for at, path in enumerate(("transactions", "standing-orders", "statements", "parties")):
            status, body = answers[at]
            mock.get(f"{tpp.AISP}/accounts/22289/{path}", body=body, status=status)
        status, body = answers[5]
        mock.post(f"{FUNDS}/funds-confirmations", body=body, status=status)
        mock.delete(f"{tpp.AISP}/account-access-consents/consent-1", body=body, status=status)
        funds = Access("consent-1", None, None, {"access_token": "at-1", "family": "funds"})
        days = {"date_from": date(2026, 1, 1), "date_to": date(2026, 2, 1)}
        for ask in (
            lambda: one.start(tpp.link_request()),
            lambda: one.start_funds(tpp.link_request(), Identifier(Scheme.IBAN, "GB33BUKB20201555555555")),
            lambda: one.finish(STATE, callback, now=tpp.NOW, psu=Psu()),
            lambda: one.refresh(ACCESS, now=tpp.NOW),
            lambda: one.accounts(ACCESS, psu=None),
            lambda: one.balances(ACCESS, account, psu=None),
            lambda: list(one.transactions(ACCESS, account, psu=None, **days)),
            lambda: one.standing_orders(ACCESS, account, psu=None),
            lambda: one.statements(ACCESS, account, psu=None),
            lambda: one.parties(ACCESS, account, psu=None),
            lambda: one.confirm_funds(funds, Money(Decimal(1), "GBP"), reference="r"),
            lambda: one.revoke(ACCESS),
        ):
            with suppress(ProviderError):
                ask()
