"""Being let in: the OAuth grant is the consent (STET PSD2 1.5, 3.4.2), and what is forwarded of it afterwards.

There is no bank consent resource and no id of one, so the one in our own words is ours. Nothing at the bank says how
long the grant lasts either: the PSU must authenticate again after 180 days (RTS art. 10a).
"""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from providers.errors import ContractBroken, Refused
from providers.model import Account, Identifier, Money, Scheme
from providers.oauth.pkce import code_challenge, new_code_verifier
from providers.oauth.tokens import TokenAnswer, held
from providers.port import Access, LinkRequest, LinkStart, LinkState, Redirect
from providers.stet.settings import Settings
from providers.stet.wire import NOTHING, is_there

FUNDS_SCOPE = "cbpii"


class _Identified(msgspec.Struct, frozen=True, rename="camel"):
    """Of an account's own JSON what names it: sent back as it came."""

    account_id: msgspec.Raw = NOTHING
    links: Any = msgspec.field(name="_links", default=None)


_IDENTIFIED = msgspec.json.Decoder(_Identified)


def start(request: LinkRequest, settings: Settings, *, scope: str, data: Mapping[str, str]) -> LinkStart:
    """Where the PSU goes, and what must survive until they are back."""
    verifier = new_code_verifier() if settings.pkce else ""
    parameters = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": request.redirect_uri,
        "scope": scope,
        "state": request.state,
    }
    if verifier:
        parameters |= {"code_challenge": code_challenge(verifier), "code_challenge_method": "S256"}
    for name, value in settings.authorization_parameters.items():
        parameters[name] = value.replace("{redirect_uri}", request.redirect_uri)
    kept = {**data, **({"code_verifier": verifier} if verifier else {})}
    state = LinkState(secrets.token_urlsafe(16), request.redirect_uri, request.state, request.nonce, kept)
    return LinkStart(Redirect(f"{settings.authorization_endpoint}?{urlencode(parameters)}"), state)


def code_grant(state: LinkState, code: str) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": state.redirect_uri}
    verifier = state.data.get("code_verifier", "")
    return form | ({"code_verifier": verifier} if verifier else {})


def granted(
    state: LinkState, tokens: TokenAnswer, settings: Settings, *, now: datetime, ends: datetime | None
) -> Access:
    """``ends`` is when the access token does. ``debtor`` goes along for a grant to confirm funds."""
    until = None if settings.access_days is None else now + timedelta(days=settings.access_days)
    kept = {name: value for name, value in state.data.items() if name != "code_verifier"}
    return Access(state.bank_consent_id, ends, until, kept | held(tokens, {}))


def is_unnamed(account: Account) -> bool:
    """Whether the bank still waits for the consent to name this account: it shows no links to follow."""
    return not _IDENTIFIED.decode(account.raw).links


def consents(accounts: Iterable[Account], settings: Settings) -> bytes:
    """Access (PUT /consents): every account by the bank's own accountId. No accounts at all take everything back."""
    named = [found for one in accounts if is_there(found := _IDENTIFIED.decode(one.raw).account_id)]
    asks_parties = "parties" in settings.offers and bool(named)
    return msgspec.json.encode(
        {
            "balances": named,
            "transactions": named,
            "owners": named if asks_parties and settings.owners == "owners" else [],
            "trustedBeneficiaries": "beneficiaries" in settings.offers and bool(named),
            "psuIdentity": asks_parties,
        }
    )


def debtor_text(debtor: Identifier) -> str:
    """An account for the link's sealed data, read back by ``debtor_account``."""
    return f"{debtor.scheme.value} {debtor.value}"


def coverage(access: Access, money: Money, reference: str, settings: Settings) -> bytes:
    """PaymentCoverageRequestResource. Refused where the grant is for reading and names no account."""
    scheme, _, value = access.data.get("debtor", "").partition(" ")
    if not value:
        raise Refused("this access is not for confirming funds", code="not_for_funds")
    if money.number <= 0:
        raise ContractBroken("an amount to confirm is positive")
    account: dict[str, object] = {"iban": value}
    if scheme != Scheme.IBAN:
        kind = "MPAN" if scheme == Scheme.MASKED_PAN else "BANK"
        account = {"other": {"identification": value, "schemeName": kind}}
    number = format(money.number, "f")
    return msgspec.json.encode(
        {
            "paymentCoverageRequestId": reference,
            "instructedAmount": {
                "amount": number if settings.amounts == "string" else msgspec.Raw(number.encode()),
                "currency": money.currency,
            },
            "accountId": account,
        }
    )
