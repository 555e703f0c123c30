"""A staged file as a page, and the page's form as what the person declares."""

from collections.abc import Mapping, Sequence

import msgspec

from hub.context import Hub
from hub.errors import BadInput
from hub.imports.preview import FIRST_ROWS, Choosable, Found, Preview
from hub.imports.staging import Declared, Staged
from hub.web.format import masked
from hub.web.present.banks import bank_of
from hub.web.viewmodels import Choice, CsvColumn, CsvForm, ImportAccount, ImportFilePage, ImportRow
from providers.amount import is_currency
from providers.files.decode import ENCODINGS
from providers.files.extract import Format
from providers.files.guess import Guess
from providers.files.profile import MAX_COLUMNS, Profile, Role
from providers.model import Status, Transaction

NEW = "new"
FORMATS = {
    Format.CAMT: "ISO 20022 statement",
    Format.MT940: "SWIFT statement (MT940)",
    Format.MT942: "SWIFT interim report (MT942)",
    Format.OFX: "OFX statement",
    Format.QIF: "Quicken file (QIF)",
    Format.CSV: "Table (CSV)",
}
ROLES = {
    Role.DATE: "Date",
    Role.VALUE_DATE: "Value date",
    Role.AMOUNT: "Amount",
    Role.DEBIT: "Money out",
    Role.CREDIT: "Money in",
    Role.INDICATOR: "In or out, in a word",
    Role.CURRENCY: "Currency",
    Role.PAYEE: "The other side's name",
    Role.DEBTOR: "Who paid",
    Role.CREDITOR: "Who was paid",
    Role.PAYEE_ACCOUNT: "The other side's account",
    Role.PAYEE_BIC: "The other side's bank",
    Role.TEXT: "Text",
    Role.KIND: "Kind of booking",
    Role.ID: "The bank's number for the row",
    Role.REFERENCE: "End-to-end reference",
    Role.MANDATE: "Mandate",
    Role.CREDITOR_ID: "Creditor id",
    Role.STATUS: "Booked, pending or declined",
    Role.CATEGORY_CODE: "Merchant category code",
    Role.BALANCE: "Balance after the row",
    Role.ACCOUNT: "Your own account",
}
ORDERS = {"dmy": "Day first: 31.12.2026", "mdy": "Month first: 12/31/2026", "ymd": "Year first: 2026-12-31"}
DECIMALS = {",": "Comma: 1.234,56", ".": "Point: 1,234.56"}
DELIMITERS = {";": "Semicolon", ",": "Comma", "\t": "Tab", "|": "Bar"}
_TABS = {"tab": "\t"}


def waiting_page(
    hub: Hub, staged: Staged, seen: Preview, choosable: Sequence[Choosable], *, error: str = ""
) -> ImportFilePage:
    asks_currency = any(not one.account.currency for one in seen.found)
    return ImportFilePage(
        import_id=staged.id,
        name=staged.name,
        size=_size(staged.size),
        state="failed" if staged.status == "failed" else "waiting",
        error=error or staged.failure,
        format=f"{FORMATS[seen.format]}{f' {seen.version}' if seen.version else ''}",
        warnings=seen.warnings,
        accounts=tuple(_account(hub, place, one, choosable) for place, one in enumerate(seen.found)),
        csv=_csv(seen.guess) if seen.guess else None,
        asks_currency=asks_currency or bool(staged.declared.currency),
        currency=staged.declared.currency or (seen.guess.profile.currency if seen.guess else ""),
        orders=_choices(ORDERS, staged.declared.order or "dmy", ("dmy", "mdy")) if seen.format is Format.QIF else (),
    )


def unreadable_page(staged: Staged, why: str) -> ImportFilePage:
    return ImportFilePage(staged.id, staged.name, _size(staged.size), "failed", error=why)


def under_way_page(staged: Staged, names: Mapping[str, str]) -> ImportFilePage:
    """One that runs, ran, or broke off."""
    return ImportFilePage(
        import_id=staged.id,
        name=staged.name,
        size=_size(staged.size),
        state=staged.status,
        rows_done=staged.rows_done,
        rows_total=staged.rows_total,
        added=staged.added,
        imported=tuple(Choice(one, names.get(one, "Account")) for one in staged.account_ids),
        stopped=staged.status == "running" and not staged.is_held,
    )


def declared(form: Mapping[str, str], before: Declared) -> Declared:
    """What the form says. Raises BadInput for what no such form can say."""
    currency = form.get("currency", "").strip().upper()
    if currency and not is_currency(currency):
        raise BadInput("A currency has three letters, such as EUR.", parameter="currency")
    values = {
        "profile": _profile(form, currency) if "delimiter" in form else None,
        "currency": currency,
        "order": form.get("order") or None if "delimiter" not in form else None,
        "targets": [_target(form, place) for place in range(_places(form))],
    }
    try:
        found = msgspec.convert(values, Declared, strict=False)
    except msgspec.ValidationError:
        raise BadInput("This form was not filled in as it can be. Load the page again.", parameter="form") from None
    return found if values["targets"] else msgspec.structs.replace(found, targets=before.targets)


def _places(form: Mapping[str, str]) -> int:
    return sum(name.startswith("place-") for name in form)


def _target(form: Mapping[str, str], place: int) -> dict[str, object]:
    chosen = form.get(f"account-{place}", NEW)
    return {
        "is_wanted": f"include-{place}" in form,
        "account_id": None if chosen in {"", NEW} else chosen[:36],
        "name": form.get(f"name-{place}", "")[:100],
    }


def _profile(form: Mapping[str, str], currency: str) -> dict[str, object]:
    skip = form.get("skip_lines", "0")
    return {
        "columns": {place: role for place in range(MAX_COLUMNS) if (role := form.get(f"col-{place}"))},
        "delimiter": _TABS.get(form["delimiter"], form["delimiter"]),
        "encoding": form.get("encoding", ""),
        "decimal": form.get("decimal", ""),
        "order": form.get("order", ""),
        "skip_lines": int(skip) if skip.isascii() and skip.isdigit() and len(skip) < 4 else 0,
        "has_header": "has_header" in form,
        "inverted": "inverted" in form,
        "currency": currency,
    }


def _account(hub: Hub, place: int, found: Found, choosable: Sequence[Choosable]) -> ImportAccount:
    account = found.account
    number = account.identifiers[0] if account.identifiers else None
    reasons = tuple(sorted({row.reason for row in found.rejected}))[:5]
    targets: tuple[Choice, ...] = ()
    if number is None:
        fitting = [one for one in choosable if account.currency in {"", one.currency}]
        targets = (
            Choice(NEW, "A new account", checked=found.target.account_id is None),
            *(
                Choice(one.account_id, one.name, one.currency, one.account_id == found.target.account_id)
                for one in fitting
            ),
        )
    return ImportAccount(
        place=place,
        title=masked(number.value) if number else account.name or "An account without a number",
        currency=account.currency,
        count=len(found.transactions),
        days=found.days,
        pending=found.pending,
        rows=tuple(_row(one) for one in found.transactions[:FIRST_ROWS]),
        rejected=len(found.rejected),
        reasons=reasons,
        falls_short=found.falls_short,
        is_known=found.known_id is not None,
        is_wanted=found.target.is_wanted,
        also_at=bank_of(hub, found.also_at).name if found.also_at else "",
        name=found.target.name or account.name or "",
        name_hint="Only you see it." if number else "The next file goes to the account of this name.",
        targets=targets if len(targets) > 1 else (),
    )


def _row(row: Transaction) -> ImportRow:
    text = " ".join(row.remittance) or row.details.additional or ""
    return ImportRow(
        on=row.booking_date or row.value_date,
        counterparty=row.counterparty.name or text[:80] or "No text",
        text=text[:160] if row.counterparty.name else "",
        money=row.money,
        is_pending=row.status is Status.PENDING,
    )


def _csv(guess: Guess) -> CsvForm:
    profile = guess.profile
    return CsvForm(
        columns=tuple(_column(place, name, guess, profile) for place, name in enumerate(guess.header)),
        delimiters=tuple(
            Choice("tab" if sign == "\t" else sign, label, checked=sign == profile.delimiter)
            for sign, label in DELIMITERS.items()
        ),
        encodings=tuple(Choice(one, one, checked=one == profile.encoding) for one in ENCODINGS),
        decimals=_choices(DECIMALS, profile.decimal),
        orders=_choices(ORDERS, profile.order),
        skip_lines=profile.skip_lines,
        has_header=profile.has_header,
        inverted=profile.inverted,
        confidence=round(guess.confidence * 100),
        doubts=guess.doubts,
    )


def _column(place: int, name: str, guess: Guess, profile: Profile) -> CsvColumn:
    cells = [row[place].strip() for row in guess.sample if place < len(row) and row[place].strip()]
    role = profile.columns.get(place)
    return CsvColumn(
        place=place,
        name=name[:60],
        sample=" · ".join(cell[:40] for cell in dict.fromkeys(cells[:2])),
        roles=(
            Choice("", "Not read", checked=role is None),
            *(Choice(one.value, label, checked=one is role) for one, label in ROLES.items()),
        ),
    )


def _choices(labels: Mapping[str, str], chosen: str, only: Sequence[str] = ()) -> tuple[Choice, ...]:
    return tuple(
        Choice(value, label, checked=value == chosen) for value, label in labels.items() if not only or value in only
    )


def _size(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(1, size // 1024)} kB"
