"""Parties and accounts of a NextGenPSD2 row, in whichever of their shapes a bank writes them. Pure."""

from collections.abc import Iterator
from typing import Any

from providers import text
from providers.berlin_group import transaction_wire as rows
from providers.berlin_group import wire
from providers.identify import best_first, identifier
from providers.model import Identifier, Scheme
from providers.rows import core
from providers.rules.told import Named

_NAMES = ("name", "ownername", "fullname", "accountownername")
_PARTS = (("firstname", "givenname"), ("lastname", "surname", "familyname"))


def owners(row: wire.AccountRow) -> str | None:
    """Who holds the account, whether as a text, as an object or as a list of either (openFinance 2.x: ownerNames)."""
    for given in (row.owner_name, row.owner_names, row.owners, row.account_owner, row.owner):
        if found := dict.fromkeys(_names(given)):
            return ", ".join(found)
    return None


def _names(given: Any) -> Iterator[str]:
    for one in given if isinstance(given, list) else (given,):
        name = _name(one) if isinstance(one, dict) else one
        if isinstance(name, str) and (said := text.meaningful(name)):
            yield said


def _name(given: dict[str, Any]) -> str:
    told = {core(name): value for name, value in given.items() if isinstance(value, str) and value}
    parts = (next((told[name] for name in names if name in told), None) for names in _PARTS)
    return next((told[name] for name in _NAMES if name in told), None) or " ".join(filter(None, parts))


def identifiers(row: wire.AccountRow | wire.AccountReference) -> tuple[Identifier, ...]:
    found = []
    pan = row.masked_pan or row.pan
    if row.iban is not None and (value := text.word(row.iban)):
        found.append(identifier(Scheme.IBAN, value))
    if row.bban is not None and (value := text.word(row.bban)):
        found.append(identifier(Scheme.BBAN, value))
    if pan is not None and (value := text.word(pan)):
        found.append(identifier(Scheme.MASKED_PAN, value))
    if row.msisdn is not None and (value := text.word(row.msisdn)):
        found.append(identifier(Scheme.OTHER, value))
    if isinstance(row, wire.AccountReference):
        number = row.identification or row.account_number or row.number
        if not found and number is not None and (value := text.word(number)):
            found.append(identifier(Scheme.IBAN, value))
        if row.other is not None and (value := text.word(_other_number(row.other))):
            found.append(identifier(Scheme.OTHER, value))
    return best_first(found) if len(found) > 1 else tuple(found)


def _other_number(given: wire.Other | str) -> str | None:
    return given if isinstance(given, str) else given.identification


def creditor(row: rows.EntryRow | rows.TransactionRow) -> Named | None:
    account = row.creditor_account or row.creditor_iban
    return _side("creditor", row.creditor_name, account, row.creditor_agent, row.creditor)


def debtor(row: rows.EntryRow | rows.TransactionRow) -> Named | None:
    return _side("debtor", row.debtor_name, row.debtor_account or row.debtor_iban, row.debtor_agent, row.debtor)


def other(row: rows.TransactionRow) -> Named | None:
    """The other side, at banks that name it alone and leave open which of the two it is."""
    iban = row.counterparty_iban or row.counterparty_account_number
    found = _side("counterparty", row.counterparty_name, row.counterparty_account or iban, None, row.counterparty)
    if found is None:
        found = _side("partner", row.partner_name, row.partner_account or row.partner_iban, None, row.partner)
    if found is None and row.merchant_name:
        found = Named("merchantName", row.merchant_name)
    return found


def creditor_elsewhere(row: rows.ElsewhereRow) -> Named | None:
    return (
        _side("beneficiary", row.beneficiary_name, None, None, row.beneficiary)
        or _side("cardAcceptor", row.card_acceptor_name, None, None, None)
        or _side("merchant", None, None, None, row.merchant)
        or _side("payee", row.payee_name, None, None, row.payee)
        or _side("receiver", row.receiver_name, None, None, row.receiver)
        or _side("recipient", row.recipient_name, None, None, row.recipient)
    )


def debtor_elsewhere(row: rows.ElsewhereRow) -> Named | None:
    return (
        _side("payer", row.payer_name, None, None, row.payer)
        or _side("sender", row.sender_name, None, None, row.sender)
        or _side("remitter", row.remitter_name, None, None, row.remitter)
    )


def _side(
    side: str,
    name: list[str | None] | str | None,
    given: list[wire.AccountReference] | wire.AccountReference | str | None,
    agent: rows.Agent | str | None,
    whole: rows.PartyRow | str | None,
) -> Named | None:
    if name is None and given is None and whole is None:
        return None
    place = f"{side}Name"
    if isinstance(name, list):
        name = " ".join(filter(None, name))
    if not name and whole is not None:
        name, place = (whole, side) if isinstance(whole, str) else (whole.name, f"{side}.name")
    if given is None and isinstance(whole, rows.PartyRow):
        given = whole.iban or whole.account
    if isinstance(given, str):
        given = wire.AccountReference(iban=given)
    if isinstance(given, list):
        found = best_first(one for reference in given for one in identifiers(reference))
    else:
        found = identifiers(given) if given is not None else ()
        if not name and given is not None and given.name:
            name, place = given.name, f"{side}Account.name"
    bic = agent if isinstance(agent, str) or agent is None else agent.bicfi or agent.bic
    return Named(place, name, found[0] if found else None, text.word(bic), f"{side}Account")


def ultimate(place: str, given: rows.PartyRow | str | None) -> Named | None:
    if given is None:
        return None
    return Named(place, given if isinstance(given, str) else given.name)
