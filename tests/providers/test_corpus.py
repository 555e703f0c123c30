"""110 rows of real banks, each with what another program makes of it; where we make something else, it says why.

The corpus is not part of this repository (see test_quirks). Names are compared without regard to case and punctuation,
since that program writes every name in title case.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from providers.berlin_group import normalize
from providers.model import Account, Status, Transaction
from providers.registry import known_rules
from providers.rules.profile import NO_RULES, Rules
from tests.providers.test_quirks import need

# the corpus's bank -> our rules for it; the others are read without any
RULES = {
    "abanca_caglesmm": "abanca_es",
    "abnamro_abnanl2a": "abnamro_nl",
    "bancsabadell_bsabesbbb": "sabadell_es",
    "bankinter_bkbkesmm": "bankinter_es",
    "belfius_gkccbebb": "belfius_be",
    "boursobank_bousfrppxxx": "boursobank_fr",
    "cetelem_cetmptp1xxx": "cetelem_pt",
    "commerzbank_cobadeff": "commerzbank_de",
    "entercard_swednokk": "entercard_se",
    "fortuneo_ftnofrp1xxx": "fortuneo_fr",
    "mbank_retail_brexplpw": "mbank_pl",
    "nationwide_naiagb21": "nationwide_gb",
    "nbg_ethngraaxxx": "nbg_gr",
    "norwegian_xx_norwnok1": "norwegian_no",
    "seb_kort_bank_ab": "seb_kort_se",
    "seb_privat": "seb_se",
    "ssk_dusseldorf_dussdeddxxx": "ssk_dusseldorf_de",
}

HOLDER = "that is the account holder"
NOT_A_NAME = "a text that names nobody is no counterparty; it is the remittance"
# (bank, row) -> (the counterparty that we see, why)
OTHER_PARTY: dict[tuple[str, int], tuple[str | None, str]] = {
    ("alior_albpplpw", 1): (None, HOLDER),
    ("bankinter_bkbkesmm", 0): ("IBERDROLA", "RECIBO is the kind of payment"),
    ("boursobank_bousfrppxxx", 2): (None, "a cash machine is nobody"),
    ("boursobank_bousfrppxxx", 6): (None, NOT_A_NAME),
    ("boursobank_bousfrppxxx", 7): ("PAYEE NAME 1", "one digit may be part of a name"),
    ("bper_retail_bpmoit22", 4): (None, NOT_A_NAME),
    ("commerzbank_cobadeff", 2): ("CREDITOR NAME", "the account is a field of its own"),
    ("danskebank_privat", 0): (None, NOT_A_NAME),
    ("direkt_heladef1822", 0): (None, NOT_A_NAME),
    ("easybank_bawaatww", 0): (None, HOLDER),
    ("easybank_bawaatww", 2): (None, "a cash machine is nobody"),
    ("hype_hyeeit22", 0): ("MARIO ROSSI", "the name stands in the text"),
    ("ing_ingbrobu", 0): ("MEGA IMAGE", "the terminal stands in the text"),
    ("ing_ingbrobu", 1): (None, "a card number is nobody"),
    **{("ing_ingddeff", row): (None, "a masked card is nobody") for row in range(5)},
    ("integration-bank", 1): ("SHOP gmbh", "the account is a field of its own"),
    ("integration-bank", 2): (None, HOLDER),
    ("lhv_lhvbee22", 1): (None, NOT_A_NAME),
    ("lhv_lhvbee22", 2): (None, NOT_A_NAME),
    ("raiffeisen_at_rzbaatww", 0): (None, NOT_A_NAME),
    ("raiffeisen_at_rzbaatww", 3): (None, HOLDER),
    ("revolut_revolt21", 0): ("CREDITOR NAME", "the program loses the name"),
    ("sparnord_spnodk22", 0): ("Netto", "Dankort-koeb is the kind of payment"),
    ("spk_marburg_biedenkopf_heladef1mar", 1): (None, NOT_A_NAME),
    ("virgin_nrnbgb22", 0): (None, NOT_A_NAME),
}
# the bank's own wording around the name, which goes with the line that named the other side
WORDING = {
    ("abnamro_abnanl2a", 0): {"PAS123"},
    ("abnamro_abnanl2a", 1): {"PAS123", "CCV"},
    ("commerzbank_cobadeff", 1): {"Ref", "Mandatsref", "Gläubiger"},
    ("hype_hyeeit22", 0): {"HAI", "INVIATO", "DENARO"},
}
# an id that the bank's rules distrust; a day in the future that is the ledger's concern
NO_ID = {("abanca_caglesmm", 0)}
OTHER_DAY = {("nationwide_naiagb21", 0)}


def cases() -> Iterator[tuple[str, int, dict[str, Any]]]:
    for path in sorted(need("bank-quirks").glob("gocardless-*.json")):
        content = json.loads(path.read_text())
        for row, case in enumerate(content.get("transactions", [])):
            yield content["bank_module"], row, case


def read(bank: str, case: dict[str, Any]) -> Transaction:
    rules: Rules = known_rules(RULES[bank]) if bank in RULES else NO_RULES
    listed = "booked" if case.get("booked", True) else "pending"
    body = json.dumps({"transactions": {listed: [case["raw"]]}}).encode()
    page = normalize.transactions(body, rules=rules, account=Account("a", "SEK"))
    assert page.rejected == (), (bank, page.rejected[0].reason)
    return page.transactions[0]


def core(text: str | None) -> str:
    return re.sub(r"[\W_]+", "", text or "").casefold()


def test_the_counterparty_is_who_that_program_sees_or_who_it_says_why() -> None:
    seen = set()
    for bank, row, case in cases():
        expected = case["expected"]
        found = read(bank, case)
        shown = found.details.ultimate or found.counterparty
        merchant = found.details.card.merchant_name if found.details.card else None
        if (bank, row) in OTHER_PARTY:
            assert found.counterparty.name == OTHER_PARTY[bank, row][0], (bank, row)
            seen.add((bank, row))
        elif expected is not None:
            assert core(expected["payee"]) in {core(shown.name), core(merchant)}, (bank, row)
    assert seen == set(OTHER_PARTY)


def test_the_day_the_amount_and_the_id_are_the_same() -> None:
    for bank, row, case in cases():
        expected = case["expected"]
        if expected is None:
            continue
        found = read(bank, case)
        moment = found.transaction_datetime
        days = {str(day) for day in (found.booking_date, found.value_date, moment and moment.date())}
        assert (expected["date"] in days) is ((bank, row) not in OTHER_DAY), (bank, row)
        assert found.money.number == Decimal(expected["amount"]), (bank, row)
        if expected["transactionId"] is not None:
            known = expected["transactionId"] in found.bank_ids.values()
            assert known is ((bank, row) not in NO_ID), (bank, row)


def test_no_row_is_dropped_that_the_program_drops() -> None:
    dropped = [(bank, row, case) for bank, row, case in cases() if case["expected"] is None]
    assert len(dropped) == 9
    statuses = [read(bank, case).status for bank, _, case in dropped]
    assert statuses.count(Status.PENDING) == 3


def test_no_word_that_the_program_shows_is_lost() -> None:
    """It stands in the remittance, or in the field that it was lifted to."""
    for bank, row, case in cases():
        if case["expected"] is None:
            continue
        found = read(bank, case)
        held = core(" ".join((*found.remittance, *found.bank_ids.values())))
        held += core(f"{found.counterparty} {found.details.additional}")
        words = {word for word in re.findall(r"\w{3,}", case["expected"]["notes"] or "") if core(word) not in held}
        assert words == WORDING.get((bank, row), set()), (bank, row)
