"""Parties and accounts of a NextGenPSD2 row, in whichever of their shapes a bank writes them. Pure."""

from providers import text
from providers.berlin_group import wire
from providers.identify import best_first, identifier
from providers.model import Identifier, Scheme
from providers.rules.told import Named


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
    if isinstance(row, wire.AccountReference) and row.other is not None:
        other = row.other if isinstance(row.other, str) else row.other.identification
        if value := text.word(other):
            found.append(identifier(Scheme.OTHER, value))
    return best_first(found) if len(found) > 1 else tuple(found)


def creditor(row: wire.EntryRow | wire.TransactionRow) -> Named | None:
    return _side("creditor", row.creditor_name, row.creditor_account, row.creditor_agent, row.creditor)


def debtor(row: wire.EntryRow | wire.TransactionRow) -> Named | None:
    return _side("debtor", row.debtor_name, row.debtor_account, row.debtor_agent, row.debtor)


def _side(
    side: str,
    name: str | None,
    reference: wire.AccountReference | str | None,
    agent: wire.Agent | str | None,
    whole: wire.PartyRow | str | None,
) -> Named | None:
    if name is None and reference is None and whole is None:
        return None
    place = f"{side}Name"
    if not name and whole is not None:
        name, place = (whole, side) if isinstance(whole, str) else (whole.name, f"{side}.name")
    if reference is None and isinstance(whole, wire.PartyRow) and whole.iban:
        reference = whole.iban
    if isinstance(reference, str):
        reference = wire.AccountReference(iban=reference)
    found = identifiers(reference) if reference is not None else ()
    bic = agent if isinstance(agent, str) or agent is None else agent.bicfi or agent.bic
    return Named(place, name, found[0] if found else None, text.word(bic), f"{side}Account")


def ultimate(place: str, given: wire.PartyRow | str | None) -> Named | None:
    if given is None:
        return None
    return Named(place, given if isinstance(given, str) else given.name)
