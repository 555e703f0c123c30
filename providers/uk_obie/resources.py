"""Orders, mandates, payees, statements, holders, terms and offers of one account, in the hub's words. Pure.

Standing Orders, Direct Debits, Scheduled Payments, Beneficiaries, Statements, Parties, Products and Offers v3.1.11, and
their version 4.0. A field that is missing or wrong costs that field; a row is lost only where it is no object at all.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

import msgspec

from providers import text
from providers.links import following
from providers.model import Party
from providers.resources import (
    Address,
    Beneficiary,
    DirectDebit,
    Instalment,
    LineKind,
    Offer,
    PartyOfAccount,
    Product,
    Schedule,
    ScheduledPayment,
    StandingOrder,
    Statement,
    StatementLine,
)
from providers.rows import Lenient, Rows, envelope, sift
from providers.uk_obie import resource_wire as rows
from providers.uk_obie import wire
from providers.uk_obie.schedules import mandate_status, schedule
from providers.uk_obie.values import (
    direction,
    each,
    key,
    last_word,
    lines_of,
    rows_of,
    said,
    told_day,
    told_moment,
    told_money,
    told_number,
    told_party,
    told_signed,
)
from providers.uk_obie.wire import Amount

W = TypeVar("W", bound=msgspec.Struct)
V = TypeVar("V")

Reader = Callable[[bytes, str | None, tzinfo], Rows[V]]
"""The rows of one answer: its body, the currency of amounts that name none, the bank's own time zone."""


_PAGE = Lenient(wire.Page, loosely=True)
_ADDRESS = Lenient(rows.AddressRow)
_PART = Lenient(rows.StatementPart)
_MOMENT = Lenient(rows.StatementMoment)
_STRUCTURED = Lenient(rows.StructuredRemittance)


def _reader(name: str, row: type[W], make: Callable[[W, bytes, str | None, tzinfo], V]) -> Reader[V]:
    decoder = Lenient(row)

    def read(body: bytes, currency: str | None = None, zone: tzinfo = UTC) -> Rows[V]:
        page = envelope(_PAGE, body)
        listed = rows_of(page, name, body)
        found, rejected = sift(listed, decoder.of_page(listed), lambda told, raw: make(told, raw, currency, zone))
        return Rows(found, rejected, following(page.links))

    return read


def _standing_order(row: rows.StandingOrderRow, raw: bytes, currency: str | None, _: tzinfo) -> StandingOrder:
    mandate = row.mandate_related_information or rows.Mandate()

    def part(on: str | None, money: Amount | None) -> Instalment | None:
        return _instalment(on, money, currency)

    payments = row.number_of_payments or ""
    return StandingOrder(
        id=said(row.standing_order_id),
        status=mandate_status(row.standing_order_status_code),
        schedule=_schedule(row.frequency) or _schedule(mandate.frequency),
        first=part(row.first_payment_date_time or mandate.first_payment_date_time, row.first_payment_amount),
        next=part(row.next_payment_date_time or mandate.recurring_payment_date_time, row.next_payment_amount),
        last=part(row.last_payment_date_time, row.last_payment_amount),
        final=part(row.final_payment_date_time or mandate.final_payment_date_time, row.final_payment_amount),
        payments=int(payments) if payments.isascii() and payments.isdigit() and len(payments) < 7 else None,
        creditor=told_party(row.creditor_account, row.creditor_agent),
        remittance=_remittance(row.reference, row.remittance_information),
        mandate_id=said(mandate.mandate_identification),
        raw=raw,
    )


def _direct_debit(row: rows.DirectDebitRow, raw: bytes, currency: str | None, _: tzinfo) -> DirectDebit:
    mandate = row.mandate_related_information or rows.Mandate()
    return DirectDebit(
        id=said(row.direct_debit_id),
        status=mandate_status(row.direct_debit_status_code),
        schedule=_schedule(row.frequency) or _schedule(mandate.frequency),
        first=_instalment(mandate.first_payment_date_time, None, currency),
        previous=_instalment(row.previous_payment_date_time, row.previous_payment_amount, currency),
        next=_instalment(mandate.recurring_payment_date_time, None, currency),
        final=_instalment(mandate.final_payment_date_time, None, currency),
        creditor=Party(said(row.name)),
        mandate_id=said(row.mandate_identification) or said(mandate.mandate_identification),
        raw=raw,
    )


def _scheduled_payment(row: rows.ScheduledPaymentRow, raw: bytes, currency: str | None, _: tzinfo) -> ScheduledPayment:
    return ScheduledPayment(
        id=said(row.scheduled_payment_id),
        on=told_day(row.scheduled_payment_date_time),
        money=told_money(row.instructed_amount, fallback=currency, out=True),
        arrives=key(row.scheduled_type) == "arrival",
        creditor=told_party(row.creditor_account, row.creditor_agent),
        remittance=_remittance(row.reference, row.remittance_information),
        raw=raw,
    )


def _beneficiary(row: rows.BeneficiaryRow, raw: bytes, _: str | None, __: tzinfo) -> Beneficiary:
    return Beneficiary(
        id=said(row.beneficiary_id),
        creditor=told_party(row.creditor_account, row.creditor_agent),
        reference=said(row.reference),
        trusted={"trusted": True, "ordinary": False}.get(key(row.beneficiary_type)),
        raw=raw,
    )


def _statement(row: rows.StatementRow, raw: bytes, currency: str | None, zone: tzinfo) -> Statement:
    parts = {
        LineKind.AMOUNT: row.statement_amount,
        LineKind.FEE: row.statement_fee,
        LineKind.INTEREST: row.statement_interest,
        LineKind.BENEFIT: row.statement_benefit,
    }
    return Statement(
        id=said(row.statement_id),
        reference=said(row.statement_reference),
        type=said(row.type),
        period=(told_day(row.start_date_time), told_day(row.end_date_time)),
        created_at=told_moment(row.creation_date_time, zone),
        description=lines_of(row.statement_description),
        lines=tuple(line for kind, listed in parts.items() for line in _lines(kind, listed, currency)),
        moments=dict(_moments(row.statement_date_time, zone)),
        raw=raw,
    )


def _lines(kind: LineKind, listed: list[msgspec.Raw] | None, currency: str | None) -> Iterator[StatementLine]:
    """A line without an indicator (a benefit) is what the holder has of it."""
    for part in each(listed, _PART):
        if direction(part.credit_debit_indicator) is None:
            money = told_money(part.amount, fallback=currency)
        else:
            money = told_signed(part.amount, part.credit_debit_indicator, fallback=currency)
        if money is not None:
            description = text.clean(part.description)
            yield StatementLine(kind, last_word(part.type), money, told_number(part.rate), description)


def _moments(listed: list[msgspec.Raw] | None, zone: tzinfo) -> Iterator[tuple[str, datetime]]:
    for one in each(listed, _MOMENT):
        moment = told_moment(one.date_time, zone)
        if moment is not None and last_word(one.type):
            yield last_word(one.type), moment


def _party(row: rows.PartyRow, raw: bytes, _: str | None, __: tzinfo) -> PartyOfAccount:
    return PartyOfAccount(
        id=said(row.party_id),
        name=said(row.name),
        legal_name=said(row.full_legal_name),
        type=said(row.party_type),
        role=last_word(row.account_role) or None,
        legal_structure=last_word(row.legal_structure) or None,
        lei=said(row.lei),
        is_beneficial_owner=row.beneficial_ownership,
        email=said(row.email_address),
        phone=said(row.phone),
        mobile=said(row.mobile),
        addresses=tuple(_address(one) for one in each(row.address, _ADDRESS)),
        raw=raw,
    )


def _address(row: rows.AddressRow) -> Address:
    building = [word for one in (row.building_name, row.building_number, row.street_name) if (word := said(one))]
    country = (said(row.country) or "").upper()
    return Address(
        lines=lines_of(row.address_line) or ((" ".join(building),) if building else ()),
        town=said(row.town_name),
        post_code=said(row.post_code),
        region=", ".join(lines_of(row.country_sub_division)) or None,
        country=country if len(country) == 2 and country.isalpha() else None,
    )


def _product(row: rows.ProductRow, raw: bytes, _: str | None, __: tzinfo) -> Product:
    return Product(said(row.product_id), said(row.product_name), said(row.product_type), raw)


def _offer(row: rows.OfferRow, raw: bytes, currency: str | None, _: tzinfo) -> Offer:
    return Offer(
        id=said(row.offer_id),
        type=said(row.offer_type),
        description=text.clean(row.description),
        starts=told_day(row.start_date_time),
        ends=told_day(row.end_date_time),
        rate=told_number(row.rate),
        amount=told_money(row.amount, fallback=currency),
        fee=told_money(row.fee, fallback=currency),
        raw=raw,
    )


def _instalment(on: str | None, money: Amount | None, currency: str | None) -> Instalment | None:
    day, paid = told_day(on), told_money(money, fallback=currency, out=True)
    return Instalment(day, paid) if day is not None or paid is not None else None


def _schedule(told: rows.Frequency | str | None) -> Schedule | None:
    if not isinstance(told, rows.Frequency):
        return schedule(told)
    count, point = told.count_per_period or "", told.point_in_time or ""
    return schedule(
        told.type,
        count=int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 1,
        day=int(point) if point.isascii() and point.isdigit() and len(point) < 3 else None,
    )


def _remittance(reference: str | None, told: rows.Remittance | None) -> tuple[str, ...]:
    found = told or rows.Remittance()
    structured: list[str | None] = []
    for one in each(found.structured, _STRUCTURED):
        creditor = one.creditor_reference_information
        structured.append(creditor.reference if creditor else None)
        structured.extend(lines_of(one.additional_remittance_information))
    return text.lines((reference, *lines_of(found.unstructured), *structured))


standing_orders = _reader("StandingOrder", rows.StandingOrderRow, _standing_order)
direct_debits = _reader("DirectDebit", rows.DirectDebitRow, _direct_debit)
scheduled_payments = _reader("ScheduledPayment", rows.ScheduledPaymentRow, _scheduled_payment)
beneficiaries = _reader("Beneficiary", rows.BeneficiaryRow, _beneficiary)
statements = _reader("Statement", rows.StatementRow, _statement)
parties = _reader("Party", rows.PartyRow, _party)
products = _reader("Product", rows.ProductRow, _product)
offers = _reader("Offer", rows.OfferRow, _offer)
