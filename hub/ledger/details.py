"""What only some banks tell of a transaction, as one JSON text: kept in one column, shown as it is.

Members that say nothing are left out, and details that say nothing at all are None. ``ultimate_account`` is an account
number, so it is shown only with parties:read; every other member belongs to the transaction itself.
"""

from typing import Any

import orjson

from hub.db import storable
from providers.model import NO_DETAILS, Card, Details, Exchange, Money

_ONLY_WITH_PARTIES = ("ultimate_account",)


def details_text(details: Details) -> str | None:
    """The same for the same details: two texts can be compared."""
    if details is NO_DETAILS:
        return None
    ultimate = details.ultimate
    members = {
        "ultimate_name": ultimate and ultimate.name,
        "ultimate_account": ultimate and ultimate.account and ultimate.account.value,
        "purpose": details.purpose,
        "additional": details.additional,
        "card": details.card and _card(details.card),
        "exchange": details.exchange and _exchange(details.exchange),
        "charges": details.charges and _money(details.charges),
        "is_reversal": details.is_reversal or None,
        "batch_size": details.batch_size,
        "statement_references": list(map(storable, details.statement_references)) or None,
        "is_mutable": details.is_mutable,
    }
    kept = _said(members)
    return orjson.dumps(kept).decode() if kept else None


def _said(members: dict[str, Any]) -> dict[str, Any]:
    return {name: _kept(value) for name, value in members.items() if value is not None and value != {}}


def _kept(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value


def _card(card: Card) -> dict[str, Any]:
    return _said(
        {
            "masked_pan": card.masked_pan,
            "scheme": card.scheme,
            "merchant_name": card.merchant_name,
            "city": card.city,
            "country": card.country,
        }
    )


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return _said(
        {
            "source_currency": exchange.source_currency,
            "target_currency": exchange.target_currency,
            "unit_currency": exchange.unit_currency,
            "rate": None if exchange.rate is None else f"{exchange.rate:f}",
            "instructed": exchange.instructed and _money(exchange.instructed),
        }
    )


def _money(money: Money) -> dict[str, Any]:
    return {"amount": f"{money.number:f}", "currency": money.currency}


def without_parties(text: str | None) -> str | None:
    """The details as they are shown to somebody who may not see other people's account numbers."""
    if text is None or not any(name in text for name in _ONLY_WITH_PARTIES):
        return text
    kept = {name: value for name, value in orjson.loads(text).items() if name not in _ONLY_WITH_PARTIES}
    return orjson.dumps(kept).decode() if kept else None
