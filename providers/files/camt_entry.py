"""One camt entry (Ntry) in neutral words. ISO 20022 ReportEntry, camt.052/053/054 .001.02 to .14.

One entry is one booking and becomes one row, also where it sums up many payments (NtryDtls/TxDtls): a camt.054 tells
the payments of an entry that the camt.053 books as one sum, and both must come out as the same row.
"""

import re
from decimal import Decimal

from providers import amount
from providers.files import accounts
from providers.files.xml import Element
from providers.model import Card, Exchange, Money, Status
from providers.rows import BrokenRow
from providers.rules.told import Named, Placed, Told

_SIGNS = {"CRDT": 1, "DBIT": -1}
_NUMBER = re.compile(r"[0-9]{1,18}(?:\.[0-9]{0,17})?", re.ASCII)
_COUNTER = re.compile(r"[0-9]{1,6}", re.ASCII)
_CREDITOR_ID = ("Id", "PrvtId", "Othr", "Id")
_TRUE = frozenset({"true", "1"})
_MOST_TOLD = 50  # payments of a batch that the row tells of one by one


def told(entry: Element, raw: bytes, *, by_default: Status) -> Told:
    """Raises BrokenRow for an entry without a sound amount, direction or status."""
    payments = entry.all("NtryDtls", "TxDtls")
    one = payments[0] if len(payments) == 1 else None
    direction = direction_of(entry, "CdtDbtInd")
    number, currency = amount_of(entry.first("Amt"), "Amt")
    is_return = entry.say("RvslInd") in _TRUE or any(payment.first("RtrInf") is not None for payment in payments)
    found = Told(
        raw=raw,
        status=by_default,
        status_place="the kind of report",
        status_word=_status(entry),
        number=number,
        direction=direction,
        currency=currency,
        money_place="Ntry/Amt",
        booking=_dates(entry, "BookgDt"),
        value=_dates(entry, "ValDt"),
        bank_ids=_ids(entry, one),
        is_reversal=entry.say("RvslInd") in _TRUE,
        batch_size=_batch_size(entry, len(payments)),
        charges=_charges(entry, one, currency),
        additional=entry.say("AddtlNtryInf"),
        additional_place="AddtlNtryInf",
    )
    _tell_codes(found, entry, one)
    if one is not None:
        _tell_payment(found, one, currency, is_return=is_return)
    elif payments:
        found.unstructured = [_line(payment, direction) for payment in payments[:_MOST_TOLD]]
        found.unstructured_place = "NtryDtls/TxDtls"
    return found


def amount_of(element: Element | None, field: str) -> tuple[Decimal, str]:
    if element is None:
        raise BrokenRow(f"{field} is missing")
    text = element.text.strip()
    if not _NUMBER.fullmatch(text):
        raise BrokenRow(f"{field} is not an amount")
    return Decimal(text), element.attributes.get("Ccy", "")


def direction_of(element: Element, field: str) -> int:
    sign = _SIGNS.get(element.say(field) or "")
    if sign is None:
        raise BrokenRow(f"{field} is neither CRDT nor DBIT")
    return sign


def _status(entry: Element) -> Placed | None:
    """Sts is a code in version 2 and an element around one since version 8."""
    word = entry.say("Sts", "Cd") or entry.say("Sts", "Prtry") or entry.say("Sts")
    if word is not None and word not in {"BOOK", "PDNG", "FUTR", "INFO"}:
        raise BrokenRow("Sts is not an entry status")
    return ("Sts", word) if word else None


def _dates(entry: Element, name: str) -> tuple[Placed, ...]:
    return ((f"{name}/Dt", entry.say(name, "Dt")), (f"{name}/DtTm", entry.say(name, "DtTm")))


def _ids(entry: Element, one: Element | None) -> dict[str, str | int | None]:
    """The entry's own ids, and the payment's where there is one. A counter that begins anew in every file is no id."""
    reference = entry.say("NtryRef")
    ids: dict[str, str | int | None] = {
        "accountServicerReference": entry.say("AcctSvcrRef"),
        "entryReference": None if reference and _COUNTER.fullmatch(reference) else reference,
        "paymentInformationId": entry.say("NtryDtls", "Btch", "PmtInfId"),
    }
    if one is not None:
        refs = one.first("Refs") or Element("Refs", {}, 0)
        creditor = one.first("RltdPties", "Cdtr") or Element("Cdtr", {}, 0)
        ids["accountServicerReference"] = ids["accountServicerReference"] or refs.say("AcctSvcrRef")
        ids |= {
            "transactionId": refs.say("TxId"),
            "instructionId": refs.say("InstrId"),
            "endToEndId": refs.say("EndToEndId"),
            "mandateId": refs.say("MndtId"),
            "checkId": refs.say("ChqNb"),
            "paymentInformationId": ids["paymentInformationId"] or refs.say("PmtInfId"),
            "creditorId": creditor.say(*_CREDITOR_ID) or creditor.say("Pty", *_CREDITOR_ID),
        }
    return ids


def _batch_size(entry: Element, payments: int) -> int | None:
    said = entry.say("NtryDtls", "Btch", "NbOfTxs")
    size = int(said) if said and said.isascii() and said.isdigit() and len(said) <= 9 else payments
    return size if size > 1 else None


def _charges(entry: Element, one: Element | None, currency: str) -> Money | None:
    """What the bank took, signed: money out unless the record says otherwise. The sum where there are several."""
    for holder in (entry, one):
        records = holder.all("Chrgs", "Rcrd") or holder.all("Chrgs") if holder is not None else []
        total = Decimal(0)
        for record in records:
            try:
                number, given = amount_of(record.first("Amt"), "Chrgs/Amt")
            except BrokenRow:
                continue
            if given == currency:
                total += number if record.say("CdtDbtInd") == "CRDT" else -number
        if total:
            return Money(total, currency)
    return None


def _tell_codes(found: Told, entry: Element, one: Element | None) -> None:
    for holder in (entry, one):
        code = holder.first("BkTxCd") if holder is not None else None
        if code is None:
            continue
        parts = (code.say("Domn", "Cd"), code.say("Domn", "Fmly", "Cd"), code.say("Domn", "Fmly", "SubFmlyCd"))
        if found.code is None and parts[0]:
            found.code, found.code_place = "-".join(part or "" for part in parts), "BkTxCd/Domn"
        if found.proprietary_code is None and (own := code.say("Prtry", "Cd")):
            found.proprietary_code, found.proprietary_place = own, "BkTxCd/Prtry"


def _tell_payment(found: Told, payment: Element, currency: str, *, is_return: bool) -> None:
    """What TxDtls says of the one payment. In a return the parties are those of the original payment, so the other side
    stands where the holder would: they change places."""
    debtor, creditor = _party(payment, "Dbtr"), _party(payment, "Cdtr")
    behind, before = _party(payment, "UltmtDbtr"), _party(payment, "UltmtCdtr")
    if is_return:
        debtor, creditor, behind, before = creditor, debtor, before, behind
    found.debtor, found.creditor, found.ultimate_debtor, found.ultimate_creditor = debtor, creditor, behind, before
    found.moment = (
        ("RltdDts/TxDtTm", payment.say("RltdDts", "TxDtTm")),
        ("RltdDts/AccptncDtTm", payment.say("RltdDts", "AccptncDtTm")),
    )
    found.unstructured = [one.text for one in payment.all("RmtInf", "Ustrd")]
    found.unstructured_place = "RmtInf/Ustrd"
    found.structured = [
        one.text
        for path in (("CdtrRefInf", "Ref"), ("AddtlRmtInf",), ("RfrdDocInf", "Nb"))
        for one in payment.all("RmtInf", "Strd", *path)
    ]
    found.structured_place = "RmtInf/Strd"
    found.additional = payment.say("AddtlTxInf") or found.additional
    found.purpose = payment.say("Purp", "Cd")
    found.exchange = _exchange(payment, currency, found.direction or 1)
    found.card = _card(payment)


def _party(payment: Element, role: str) -> Named | None:
    """A party stands in its role itself up to version 7, and in Pty or Agt under it since version 8."""
    place = f"RltdPties/{role}"
    here = payment.first("RltdPties", role)
    account = payment.first("RltdPties", f"{role}Acct", "Id")
    agent = payment.first("RltdAgts", f"{role}Agt", "FinInstnId")
    if here is None and account is None and agent is None:
        return None
    name = here and (here.say("Nm") or here.say("Pty", "Nm") or here.say("Agt", "FinInstnId", "Nm"))
    number = account and (account.say("Othr", "Id") or account.say("PrtryAcct", "Id"))
    stated = accounts.stated(account.say("IBAN")) if account is not None else ()
    other = stated[0] if stated else accounts.other_party(number or None)
    bic = agent and (agent.say("BICFI") or agent.say("BIC"))
    return Named(place, name or None, other, bic or None, f"{place}Acct")


def _exchange(payment: Element, currency: str, direction: int) -> Exchange | None:
    for path in ("InstdAmt", "CntrValAmt", "TxAmt", "AnncdPstngAmt"):
        detail = payment.first("AmtDtls", path)
        rate = detail and detail.first("CcyXchg")
        instructed = None
        try:
            number, given = amount_of(detail and detail.first("Amt"), path)
            if amount.is_currency(given) and given != currency:
                instructed = Money(number if direction > 0 else -number, given)
        except BrokenRow:
            pass
        if rate is None and instructed is None:
            continue
        said = rate.say("XchgRate") if rate is not None else None
        source = rate.say("SrcCcy") if rate is not None else None
        return Exchange(
            source_currency=source or (instructed.currency if instructed else None),
            target_currency=rate.say("TrgtCcy") if rate is not None else None,
            unit_currency=rate.say("UnitCcy") if rate is not None else None,
            rate=Decimal(said) if said and _NUMBER.fullmatch(said) else None,
            instructed=instructed,
        )
    return None


def _card(payment: Element) -> Card | None:
    number = payment.say("CardTx", "Card", "PlainCardData", "PAN") or payment.say("CardTx", "Card", "MskdPAN")
    scheme = payment.say("CardTx", "Card", "CardBrnd", "Id")
    if number is None and scheme is None:
        return None
    return Card(masked_pan=f"{'*' * 12}{number[-4:]}" if number else None, scheme=scheme)


def _line(payment: Element, direction: int) -> str:
    """One payment of a batch in one line: who, how much, what for."""
    role = "Dbtr" if direction > 0 else "Cdtr"
    name = payment.say("RltdPties", role, "Nm") or payment.say("RltdPties", role, "Pty", "Nm")
    money = payment.first("AmtDtls", "TxAmt", "Amt") or payment.first("Amt")
    texts = (*payment.all("RmtInf", "Ustrd"), *payment.all("RmtInf", "Strd", "CdtrRefInf", "Ref"))
    told = [one.text.strip() for one in texts]
    sum_ = f"{money.text.strip()} {money.attributes.get('Ccy', '')}".strip() if money is not None else ""
    return " · ".join(part for part in (name or "", sum_, " ".join(told)) if part)
