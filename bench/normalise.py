"""How many rows a second become transactions: a bank's page of JSON to the hub's words, on one core.

    python -m bench.normalise [--rows 1000] [--save]

The floor is msgspec decoding the same page into plain objects. ``plain`` is a page as the standard describes it;
``texts`` names nobody in a field, so every row is read by the texts that banks make; ``odd`` is spelled in the bank's
own way and mended field by field; ``rules`` is plain under a bank's own rules.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from providers.berlin_group import normalize
from providers.model import Account, Identifier, Scheme
from providers.registry import known_rules

REPEATS = 30
RESULTS = Path(__file__).parent / "results" / "normalise.txt"
ALICES = Account("acc-1", "EUR", identifiers=(Identifier(Scheme.IBAN, "DE02120300000000202051"),))


def _row(number: int) -> dict[str, Any]:
    return {
        "transactionId": f"t-{number}",
        "endToEndId": f"e2e-{number}",
        "mandateId": "M-7",
        "bookingDate": f"2026-03-{number % 28 + 1:02}",
        "valueDate": f"2026-03-{number % 28 + 1:02}",
        "transactionAmount": {"currency": "EUR", "amount": f"-{number}.10"},
        "creditorName": f"Stadtwerke {number % 97}",
        "creditorAccount": {"iban": "DE89370400440532013000"},
        "debtorName": "Alice O'Connor",
        "debtorAccount": {"iban": "DE02120300000000202051"},
        "remittanceInformationUnstructured": f"Rechnung {number} vom 12.03.2026, Kundennummer 4711",
        "bankTransactionCode": "PMNT-RDDT-ESDD",
    }


def _texts(number: int) -> dict[str, Any]:
    row = {name: value for name, value in _row(number).items() if not name.startswith(("creditor", "remittance"))}
    return row | {"remittanceInformationUnstructuredArray": [f"CARTE 01/03/26 SHOP {number % 97} CB*1234", "Merci"]}


def _odd(number: int) -> dict[str, Any]:
    return {name[0].upper() + name[1:]: value for name, value in _row(number).items()}


def _page(rows: int, make: Callable[[int], dict[str, Any]]) -> bytes:
    return json.dumps({"transactions": {"booked": [make(number) for number in range(rows)]}}).encode()


def _rows_per_s(rows: int, work: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return rows / statistics.median(times)


def report(rows: int) -> str:
    plain, texts, odd = (_page(rows, make) for make in (_row, _texts, _odd))
    rules = known_rules("commerzbank_de")
    measured = [
        ("floor: msgspec into plain objects", lambda: msgspec.json.decode(plain)),
        ("plain", lambda: normalize.transactions(plain, account=ALICES)),
        ("texts", lambda: normalize.transactions(texts, account=ALICES)),
        ("odd", lambda: normalize.transactions(odd, account=ALICES)),
        ("rules", lambda: normalize.transactions(plain, account=ALICES, rules=rules)),
    ]
    lines = [f"Berlin Group, pages of {rows:,} rows, one core", f"{'':36}{'rows/s':>12}"]
    lines += [f"{name:36}{_rows_per_s(rows, work):12,.0f}" for name, work in measured]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--save", action="store_true", help=f"append to {RESULTS.name}")
    options, _ = parser.parse_known_args()
    text = report(options.rows)
    print(text)
    if options.save:
        RESULTS.parent.mkdir(exist_ok=True)
        with RESULTS.open("a") as file:
            file.write(f"{text}\n\n")


if __name__ == "__main__":
    main()
