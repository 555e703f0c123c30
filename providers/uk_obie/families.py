"""The two API families that a bank consent can be for: reading accounts (AISP), and confirming funds (CBPII).

Account Access Consents and Confirmation of Funds v3.1.11 and 4.0. A consent of one says nothing to the other.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time

import msgspec

from providers.errors import Refused
from providers.model import Identifier, Money, Scheme
from providers.port import LinkRequest
from providers.transport import path_segment
from providers.uk_obie.settings import Settings

_SCHEMES = {
    Scheme.IBAN: "UK.OBIE.IBAN",
    Scheme.BBAN: "UK.OBIE.BBAN",
    Scheme.UK_SORT_CODE_ACCOUNT: "UK.OBIE.SortCodeAccountNumber",
}
_LONGEST_REFERENCE = 35


@dataclass(frozen=True, slots=True)
class Consents:
    """Where the bank consents of one family live."""

    collection: str

    def url(self, consent_id: str) -> str:
        return f"{self.collection}/{path_segment(consent_id)}"


@dataclass(frozen=True, slots=True)
class Family:
    """``app_scope`` is asked for with our own token, ``scope`` with the PSU's."""

    name: str
    base: str
    consents: Consents
    app_scope: str
    scope: str


def of(settings: Settings) -> dict[str, Family]:
    """The families of a bank, by name: ``aisp``, and ``funds`` where it has them."""
    base = settings.aisp.base.rstrip("/")
    consents = Consents(f"{base}/account-access-consents")
    found = {"aisp": Family("aisp", base, consents, settings.tokens.app_scope, settings.authorize.scope)}
    if settings.funds is not None:
        base, scope = settings.funds.base.rstrip("/"), settings.tokens.funds_scope
        consents = Consents(f"{base}/funds-confirmation-consents")
        found["funds"] = Family("funds", base, consents, scope, f"openid {scope}")
    return found


def accounts_consent(request: LinkRequest, permissions: tuple[str, ...], sends: tuple[str, ...]) -> bytes:
    """OBReadConsent1. The PSU may read to the end of ``valid_until``; the bank must not change what is asked."""
    data: dict[str, object] = {"Permissions": list(permissions)}
    if "expiration" in sends:
        data["ExpirationDateTime"] = _expiration(request)
    if "from" in sends and request.history_from is not None:
        data["TransactionFromDateTime"] = datetime.combine(request.history_from, time(), UTC).isoformat()
    return msgspec.json.encode({"Data": data, "Risk": {}})


def funds_consent(request: LinkRequest, debtor: Identifier, name: str | None, sends: tuple[str, ...]) -> bytes:
    """OBFundsConfirmationConsent1. Refused for an account that cannot be named there."""
    if debtor.scheme not in _SCHEMES:
        raise Refused(f"funds are confirmed of an account named by {', '.join(_SCHEMES)}", code="invalid_request")
    account = {"SchemeName": _SCHEMES[debtor.scheme], "Identification": debtor.value}
    data: dict[str, object] = {"DebtorAccount": account | ({"Name": name} if name else {})}
    if "expiration" in sends:
        data["ExpirationDateTime"] = _expiration(request)
    return msgspec.json.encode({"Data": data})


def funds_question(consent_id: str, money: Money, reference: str) -> bytes:
    """OBFundsConfirmation1. Refused for what is no question: an amount of nothing, a reference too long."""
    if money.number <= 0:
        raise Refused("the amount to confirm is positive", code="invalid_request")
    if not 0 < len(reference) <= _LONGEST_REFERENCE:
        raise Refused(f"a reference has 1 to {_LONGEST_REFERENCE} characters", code="invalid_request")
    amount = {"Amount": f"{money.number:f}", "Currency": money.currency}
    data = {"ConsentId": consent_id, "Reference": reference, "InstructedAmount": amount}
    return msgspec.json.encode({"Data": data})


def _expiration(request: LinkRequest) -> str:
    return datetime.combine(request.valid_until, time(23, 59, 59), UTC).isoformat()
