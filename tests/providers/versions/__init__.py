"""Whether what rows come out as has changed while the version of what reads them has not.

``rows/`` holds invented rows of every standard, a case a line; ``read.json`` what each came out as when it was last
looked at, as a digest, and under which version. A row may come out otherwise only under a new version, or the stored
rows of everybody stay as the old rules read them. After raising it, and after adding rows:

    python -m tests.providers.versions
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypedDict

import msgspec

from providers.au_cdr import normalize as au_cdr
from providers.berlin_group import normalize as berlin_group
from providers.br_openfinance import normalize as br_openfinance
from providers.files import kept
from providers.files.extract import Format
from providers.files.reading import Reading
from providers.model import Account, AccountType, Identifier, Page, Scheme, Status, Transaction
from providers.rows import BrokenRow, only_row
from providers.rules.profile import Rules
from providers.rules.version import SHARED
from providers.simplefin import normalize as simplefin
from providers.stet import normalize as stet
from providers.uk_obie import normalize as uk_obie

HERE = Path(__file__).parent
FILE = HERE / "read.json"
IBANS = {
    "au_cdr": None,
    "berlin_group": "DE02120300000000202051",
    "br_openfinance": None,
    "simplefin": None,
    "stet": "FR7610907000301234567890125",
    "uk_obie": "GB33BUKB20201555555555",
}
CURRENCIES = {
    "au_cdr": "AUD",
    "berlin_group": "EUR",
    "br_openfinance": "BRL",
    "simplefin": "GBP",
    "stet": "EUR",
    "uk_obie": "GBP",
}
PAGED: dict[str, Any] = {
    "au_cdr": au_cdr,
    "berlin_group": berlin_group,
    "br_openfinance": br_openfinance,
    "stet": stet,
    "uk_obie": uk_obie,
}
VERSIONS: dict[str, Callable[[], int]] = {
    **{name: lambda module=module: module.VERSION for name, module in PAGED.items()},  # type: ignore[misc]
    "simplefin": lambda: simplefin.VERSION,
    "files": lambda: kept.VERSION,
}
STANDARDS = tuple(sorted(VERSIONS))


class Seen(TypedDict):
    """``rows``: digest of the case -> digest of what it came out as."""

    version: str
    rows: dict[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """``changed`` cases come out otherwise; ``others`` were added or taken away."""

    changed: tuple[str, ...]
    others: tuple[str, ...]
    is_raised: bool

    @property
    def is_forbidden(self) -> bool:
        return bool(self.changed) and not self.is_raised


def version_of(standard: str) -> str:
    return f"{VERSIONS[standard]()}.{SHARED}"


def cases_of(standard: str) -> Iterator[str]:
    yield from (HERE / "rows" / f"{standard}.jsonl").read_text().splitlines()


def seen_now(standard: str) -> Seen:
    rows = {_digest(line): _digest(_said(read(standard, json.loads(line)))) for line in cases_of(standard)}
    return {"version": version_of(standard), "rows": dict(sorted(rows.items()))}


def seen_before() -> dict[str, Seen]:
    found: dict[str, Seen] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return found


def difference(before: Seen, now: Seen) -> Difference:
    old, new = before["rows"], now["rows"]
    changed = tuple(one for one in new if one in old and old[one] != new[one])
    return Difference(changed, tuple(sorted(old.keys() ^ new.keys())), before["version"] != now["version"])


def read(standard: str, case: dict[str, Any]) -> Transaction | str:
    """What the row comes out as, or why it is broken."""
    status = Status(case["status"])
    try:
        if standard == "files":
            rows = kept.KeptRows(Format(case["format"]), Reading.of(case["reading"]))
            account = Account("1", case["currency"], AccountType.CURRENT)
            return rows.reread(case["text"].encode(), status, account, trace={})
        raw, account = json.dumps(case["row"], ensure_ascii=False).encode(), _account(standard, case.get("account"))
        if standard == "simplefin":
            return simplefin.transaction(raw, account)
        module = PAGED[standard]
        rules = msgspec.convert(case.get("rules", {}), Rules)
        page: Page = module.transactions(module.page_of(raw, status, {}), account=account, rules=rules)
        return only_row(page.transactions, page.rejected)
    except BrokenRow as error:
        return str(error)


def _account(standard: str, kind: str | None) -> Account:
    iban = None if kind == "none" else IBANS[standard]
    identifiers = (Identifier(Scheme.IBAN, iban),) if iban else ()
    type_ = AccountType.CARD if kind == "CARD" else AccountType.CURRENT
    return Account("1", CURRENCIES[standard], type_, identifiers=identifiers)


def _said(value: object) -> str:
    """Everything of a value but its raw bytes, in one order."""
    if isinstance(value, msgspec.Struct):
        inside = ", ".join(f"{name}={_said(getattr(value, name))}" for name in value.__struct_fields__ if name != "raw")
        return f"{type(value).__name__}({inside})"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_said, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_said(value[key])}' for key in sorted(value))}}}"
    return repr(value)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]
