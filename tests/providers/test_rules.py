"""Each rule of the engine with rows that nobody ever sent: what a bank's file may say, and what needs no file."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from providers.berlin_group import normalize
from providers.model import Account, AccountType, Card, Exchange, Identifier, Money, Party, Scheme, Status, Transaction
from providers.rules import narratives
from providers.rules.merchant import merchant
from providers.rules.profile import Rules

OWN = Identifier(Scheme.IBAN, "DE02120300000000202051")
THEIRS = Identifier(Scheme.IBAN, "DE89370400440532013000")
ALICES = Account("acc-1", "EUR", type=AccountType.CURRENT, identifiers=(OWN,))
ROW: dict[str, Any] = {"bookingDate": "2026-03-10", "transactionAmount": {"amount": "-12.10", "currency": "EUR"}}
UNSTRUCTURED = "remittanceInformationUnstructured"


def one(
    row: dict[str, Any], rules: dict[str, Any] | None = None, *, pending: bool = False, account: Account = ALICES
) -> Transaction:
    body = json.dumps({"transactions": {"pending" if pending else "booked": [ROW | row]}}).encode()
    made = msgspec.convert(rules or {}, Rules)
    page = normalize.transactions(body, account=account, rules=made, zone=ZoneInfo("Europe/Berlin"))
    assert page.rejected == ()
    return page.transactions[0]


def text(*lines: str) -> dict[str, Any]:
    return {f"{UNSTRUCTURED}Array": list(lines)}


# --- amounts


def test_an_inverted_bank_and_an_inverted_kind_of_account() -> None:
    card = Account("acc-2", "EUR", type=AccountType.CARD)
    assert str(one({}, {"amounts": {"inverted": True}}).money.number) == "12.10"
    for account, number in ((card, "12.10"), (ALICES, "-12.10")):
        assert str(one({}, {"amounts": {"inverted": ["CARD"]}}, account=account).money.number) == number
    assert one({}, {"amounts": {"inverted": True}}).provenance["money"] == "transactionAmount by inverted_sign"


def test_an_inverted_row_names_its_creditor_because_the_money_went_out() -> None:
    row = {"transactionAmount": {"amount": "5", "currency": "EUR"}, "creditorName": "Shop", "debtorName": "Alice"}
    assert one(row, {"amounts": {"inverted": True}}).counterparty.name == "Shop"


def test_a_pending_row_without_a_sign_is_money_out_where_the_bank_never_signs_it() -> None:
    row = {"transactionAmount": {"amount": "5", "currency": "EUR"}}
    rules = {"amounts": {"pending_unsigned": True}}
    assert one(row, rules, pending=True).money.number == -5
    assert one(row, rules).money.number == 5


def test_sign_and_indicator_contradict_until_a_rule_says_which_counts() -> None:
    row = {"creditDebitIndicator": "CRDT"}
    body = json.dumps({"transactions": {"booked": [ROW | row]}}).encode()
    assert len(normalize.transactions(body).rejected) == 1
    assert one(row, {"amounts": {"sign": "indicator"}}).money.number == Decimal("12.10")
    assert one(row, {"amounts": {"sign": "number"}}).money.number == Decimal("-12.10")


def test_where_no_amount_is_signed_the_named_party_says_the_way() -> None:
    rules = {"amounts": {"sign": "parties"}}
    plus, minus = ({"transactionAmount": {"amount": number, "currency": "EUR"}} for number in ("5", "-5"))
    paid = one(plus | {"creditorName": "Shop"}, rules)
    assert (str(paid.money.number), paid.counterparty.name) == ("-5", "Shop")
    received = one(plus | {"debtorName": "Bob"}, rules)
    assert (str(received.money.number), received.counterparty.name) == ("5", "Bob")
    assert one(minus | {"creditorName": "Shop"}, rules).money.number == 5
    assert one(plus | {"creditorName": "Shop", "debtorName": "Bob"}, rules).money.number == 5


def test_what_was_billed_may_stand_in_a_text_and_the_foreign_amount_is_kept() -> None:
    row = text("x billed: 105,35") | {"transactionAmount": {"amount": "-10.00", "currency": "USD"}}
    found = one(row, {"amounts": {"billed": ["{any}billed: {amount}"]}})
    assert found.money == Money(Decimal("-105.35"), "EUR")
    assert found.details.exchange == Exchange(
        source_currency="USD", target_currency="EUR", instructed=Money(Decimal("-10.00"), "USD")
    )
    assert found.provenance["money"].endswith(" by billed_amount")


def test_an_amount_without_a_currency_is_in_the_accounts() -> None:
    found = one({"transactionAmount": {"amount": "5"}})
    assert (found.money.currency, found.provenance["money"]) == ("EUR", "transactionAmount, in the account's currency")


# --- days


def test_swapped_days_are_swapped_back_with_their_places() -> None:
    found = one({"valueDate": "2026-03-08"}, {"dates": {"swapped": True}})
    assert (found.booking_date, found.value_date) == (date(2026, 3, 8), date(2026, 3, 10))
    assert found.provenance["booking_date"] == "valueDate by swapped_days"


def test_a_rule_names_the_field_that_has_the_day() -> None:
    row = {"x": {"day": "2026-03-01"}}
    assert one(row, {"dates": {"booking": ["x.day"]}}).booking_date == date(2026, 3, 1)
    assert one({}, {"dates": {"booking": ["x.day"]}}).booking_date == date(2026, 3, 10)


DATED: list[tuple[str, datetime | None]] = [
    ("CARTE 08/03/26 BAR CB*1234", datetime(2026, 3, 8, tzinfo=UTC)),
    ("CARTE 08/03 BAR", datetime(2026, 3, 8, tzinfo=UTC)),
    ("CARTE 31/12 BAR", datetime(2025, 12, 31, tzinfo=UTC)),
    ("POSC08MAR BAR", datetime(2026, 3, 8, tzinfo=UTC)),
    ("(..1234) 2026-03-09 09:32 Bar\\Str 3", datetime(2026, 3, 9, 8, 32, tzinfo=UTC)),
    ("POS 45,13 AT D6 09.03. 10:27", datetime(2026, 3, 9, 9, 27, tzinfo=UTC)),
    ("CARTE 45/13/26 BAR", None),
    ("(..1234) 2026-13-45 09:32 Bar\\Str 3", None),
    ("CARTE 20/04/26 BAR", None),
    ("CARTE 08/03/19 BAR", None),
    ("Rechnung 08.03.2026", None),
]


@pytest.mark.parametrize(("line", "moment"), DATED)
def test_a_day_in_a_banks_text_is_believed_if_it_can_be_true(line: str, moment: datetime | None) -> None:
    found = one(text(line))
    assert found.transaction_datetime == moment
    if moment is not None:
        assert found.provenance["transaction_datetime"] == "remittance by day_in_text"
    assert found.booking_date == date(2026, 3, 10)


def test_a_row_without_any_day_takes_it_from_where_one_stands() -> None:
    undated = {"bookingDate": None}
    in_text = one(undated | text("KIWI 123 2026-03-07 OSLO"), pending=True)
    assert (in_text.booking_date, in_text.provenance["booking_date"]) == (
        date(2026, 3, 7),
        "remittance by only_day_in_text, only_day_given",
    )
    in_id = one(undated | {"transactionId": "18_2026-03-07_0123"}, pending=True)
    assert in_id.booking_date == date(2026, 3, 7)
    by_rule = one(undated | {"transactionId": "D202603070001"}, {"dates": {"ids": ["D{ymd}{any}"]}}, pending=True)
    assert by_rule.booking_date == date(2026, 3, 7)
    assert one(undated | text("KIWI 123"), pending=True).booking_date is None


def test_a_day_that_cannot_be_read_costs_the_day_and_not_the_row() -> None:
    found = one({"bookingDate": "soon", "valueDate": "2026-03-10", "transactionDate": "32.13.2026"})
    assert (found.booking_date, found.value_date, found.transaction_datetime) == (None, date(2026, 3, 10), None)
    assert found.provenance["unread"] == "bookingDate, transactionDate"


@pytest.mark.parametrize("day", ["0001-01-02", "9999-12-30"])
def test_days_at_the_ends_of_the_calendar_break_nothing(day: str) -> None:
    lines = text("CARTE 01/01 BAR", "CARTE 31/12/99 BAR", f"(..1) {day} 23:59 Bar\\x")
    found = one({"bookingDate": day} | lines)
    assert found.booking_date != date.fromisoformat(day)
    assert found.provenance["unread"] == "bookingDate"
    assert one({"bookingDate": None, "transactionDate": f"{day}T23:59:00-11:00"} | lines).money.number < 0


# --- parties

KNOWN_TEXTS = [
    ("CARTE 08/03/26 BAR DU PORT CB*1234", "BAR DU PORT"),
    ("PRLV SEPA MUTUELLE GENERALE", "MUTUELLE GENERALE"),
    ("VIR SEPA RECU /DE M. DUPONT /MOTIF LOYER /REF 1", "M. DUPONT"),
    ("VIREMENT SEPA EMIS /MOTIF LOYER /BEN M. DUPONT /REFDO 1", "M. DUPONT"),
    ("PRLV SEPA ORANGE SA ECH/050221 ID EMETTEUR/FR05", "ORANGE SA"),
    ("VIR RECU DE M. DUPONT", "M. DUPONT"),
    ("PAGAMENTO PRESSO BAR CENTRALE", "BAR CENTRALE"),
    ("Naam: Bakker Jan Omschrijving: Brood IBAN: NL00", "Bakker Jan"),
    ("DEKAMARKT<br>Pasvolgnr: 001 08-03-2026 14:35<br>Term: X", "DEKAMARKT"),
    ("CARD PAYMENT TO TESCO ON 2026-03-08", "TESCO"),
    ("DIRECT DEBIT PAYMENT TO EE LTD REF Q123", "EE LTD"),
    ("VDP-TESCO DUBLIN", "TESCO DUBLIN"),
    ("Loyer virement de Paul", None),
    ("ADDEBITO SDD CLOUD HOSTING LTD N: 10/48 ID:02", "CLOUD HOSTING LTD"),
    ("BAKKER JAN BE1060 Betaling met Bancontact 28-08-2025", "BAKKER JAN BE1060"),
    ("My Shop,PAS123", "My Shop"),
    ("CCV*My Shop,PAS123", "My Shop"),
    ("SUMUP *HERR DR. EISEN 7000", None),
    ("PIRKUMS 4242******4242 09.03.2026 22.99 EUR (111111) SOME SHOP", "SOME SHOP"),
    ("(..1234) 2026-03-09 09:32 Bar OU\\Poordi 3\\Tallinn", "Bar OU"),
    ("Transakcja kartą debetową, Kawiarnia", "Kawiarnia"),
    ("FPS, Joe Bloggs, Food", "Joe Bloggs"),
    ("Card 99, Tesco Express", "Tesco Express"),
    ("Bizum payment to: Ana", "Ana"),
    ("Pago Movil En Mercado, Madrid, Tarj. 1", "Mercado"),
    ("COMPANY ABCD 2610 D5 09.03. 13:37", "COMPANY ABCD"),
    ("REWE//Koeln/DE", "REWE"),
    ("VIREMENT", None),
    ("Thank you for the cake", None),
    ("Miete Maerz CARD-1234", None),
]


@pytest.mark.parametrize(("line", "name"), KNOWN_TEXTS)
def test_a_text_of_the_banks_own_making_names_the_other_side(line: str, name: str | None) -> None:
    assert one({UNSTRUCTURED: line}).counterparty.name == name


@pytest.mark.parametrize(
    ("additional", "name"),
    [("narrative: ['DELHAIZE', 'X'], other: y", "DELHAIZE"), ("atmPosName: COLRUYT GENT, other: y", "COLRUYT GENT")],
)
def test_the_banks_own_additional_text_may_name_the_other_side(additional: str, name: str) -> None:
    found = one({"additionalInformation": additional, UNSTRUCTURED: "ref 1"})
    assert (found.counterparty.name, found.remittance) == (name, ("ref 1",))
    assert found.provenance["counterparty"] == "additionalInformation by known_text"


def test_a_name_in_a_field_comes_before_any_text() -> None:
    assert one({"creditorName": "Real Name", UNSTRUCTURED: "PRLV SEPA OTHER"}).counterparty.name == "Real Name"


def test_a_placeholder_in_the_field_gives_way_to_the_text() -> None:
    row = {"creditorName": "CARD-1234", UNSTRUCTURED: "PRLV SEPA SHOP"}
    assert one(row).counterparty.name == "SHOP"
    assert one({"creditorName": "CARD-1234"}).counterparty == Party()
    alone = one({"creditorName": "CARD-1234", UNSTRUCTURED: "ACME SHOP"})
    assert (alone.counterparty.name, alone.remittance) == ("ACME SHOP", ("ACME SHOP",))
    assert one({"creditorName": "CARD-1234 Otto"}).counterparty.name == "CARD-1234 Otto"
    own = {"parties": {"placeholders": ["OUTGOING PAYMENT"]}}
    assert one({"creditorName": "Outgoing payment"}, own).counterparty.name is None


@pytest.mark.parametrize(
    "lines",
    [["POS 45,13 AT D6 09.03. 10:27", "SUMUP *BILLA 7000"], ["SUMUP *BILLA 7000", "POS 45,13 AT D6 09.03. 10:27"]],
)
def test_the_only_line_beside_a_terminals_line_is_the_shop(lines: list[str]) -> None:
    found = one(text(*lines))
    assert found.counterparty.name == "BILLA 7000"
    assert found.remittance == ("SUMUP *BILLA 7000",)
    assert found.provenance["counterparty"].endswith("by beside_terminal_line")


def test_a_line_that_only_begins_like_a_terminals_is_the_payers() -> None:
    for lines in (("POS 45,13 BILLA", "Invoice paid 31.07. 10:27"), ("POS 45,13 AT D6 09.03. 10:27 with tip", "Otto")):
        found = one(text(*lines))
        assert (found.remittance, found.counterparty.name) == (lines, None)


def test_what_a_processor_wrote_in_front_is_not_the_shop() -> None:
    found = one({"creditorName": "SumUp  *Bakery Klein"})
    assert (found.counterparty.name, found.provenance["counterparty"]) == (
        "Bakery Klein",
        "creditorName by processor_prefix",
    )
    assert one({"creditorName": "BMW * Leasing"}).counterparty.name == "BMW * Leasing"


def test_the_shop_behind_a_payment_service_is_the_ultimate_party() -> None:
    found = one({"creditorName": "PayPal Europe", "ultimateCreditor": "Real Shop"})
    assert (found.counterparty.name, found.details.ultimate) == ("PayPal Europe", Party("Real Shop"))


def test_the_shop_that_a_payment_service_names_in_its_text_is_the_ultimate_party() -> None:
    words = text("1034/PP.44.PP/. Spotify, Ihr Einkauf bei", "Spotify AB")
    found = one({"creditorName": "PayPal Europe S.a.r.l."} | words)
    assert (found.counterparty.name, found.details.ultimate) == ("PayPal Europe S.a.r.l.", Party("Spotify AB"))
    assert found.provenance["details.ultimate"].endswith(" by behind_service")
    assert one({"creditorName": "Otto"} | words).details.ultimate is None


def test_rules_name_the_fields_the_fronts_and_the_texts_of_names() -> None:
    rules = {"parties": {"fields": ["a.b"], "prefixes": ["VISA "], "texts": ["AN {payee} ENDE"]}}
    assert one({"a": {"b": "Deep Shop"}}, rules).counterparty.name == "Deep Shop"
    assert one({"creditorName": "VISA Shop"}, rules).counterparty.name == "Shop"
    assert one(text("an Otto ende"), rules).counterparty.name == "Otto"
    joined = {"parties": {"texts": ["VIR {text} | {payee}"]}}
    found = one(text("VIR for the cake", "Otto"), joined)
    assert found.counterparty.name == "Otto"


def test_texts_shared_by_banks_can_be_switched_off() -> None:
    assert one({UNSTRUCTURED: "PRLV SEPA SHOP"}, {"parties": {"known_texts": False}}).counterparty.name is None


def test_the_holders_own_account_in_a_text_is_nobodys() -> None:
    tagged = f"IBAN+{OWN.value} SVWZ+Transfer"
    assert one({UNSTRUCTURED: tagged}).counterparty == Party()
    assert one({UNSTRUCTURED: tagged.replace(OWN.value, THEIRS.value)}).counterparty == Party(None, THEIRS)


# --- remittance

TAGGED: list[tuple[str, tuple[str, ...], dict[str, str]]] = [
    ("EREF+1234 MREF+M7 CRED+DE98ZZZ SVWZ+Rent May", ("Rent May",), {
        "endToEndId": "1234", "mandateId": "M7", "creditorId": "DE98ZZZ",
    }),
    ("SVWZ+Rent May EREF+NOTPROVIDED", ("Rent May",), {}),
    ("BMW+ and USB+ parts", ("BMW+ and USB+ parts",), {}),
    ("EREF: 77 SVWZ: Rent", ("Rent",), {"endToEndId": "77"}),
    ("/TRTP/SEPA OVERBOEKING/IBAN/NL00BANK/NAME/X/REMI/Rent May/EREF/E1", ("Rent May",), {"endToEndId": "E1"}),
    ("/AB/CD are my initials", ("/AB/CD are my initials",), {}),
    ("/Txt/D|RECIBO;IBERDROLA", ("RECIBO IBERDROLA",), {}),
    ("mandatereference:M7,creditorid:,remittanceinformation:NR 1, Date: 2", ("NR 1, Date: 2",), {"mandateId": "M7"}),
    ("narrative: ['SHOP', 'ref 7'], other: y", ("SHOP", "ref 7"), {}),
    ("Netto\nEndToEndID: NOTPROVIDED", ("Netto",), {}),
    ("EndToEndID: NOTPROVIDED Rent", ("Rent",), {}),
    ("Rent<br>May<BR/>2026", ("Rent", "May", "2026"), {}),
    ("Fish &amp; Chips", ("Fish & Chips",), {}),
    ("pizza \\UD83C\\UDF55 \\u00e9", ("pizza 🍕 é",), {}),
    ("broken \\UD83C half", ("broken half",), {}),
    ("a    b\t c", ("a b c",), {}),
]  # fmt: skip


@pytest.mark.parametrize(("given", "lines", "ids"), TAGGED)
def test_remittance_is_freed_of_what_banks_write_around_it(
    given: str, lines: tuple[str, ...], ids: dict[str, str]
) -> None:
    found = one({UNSTRUCTURED: given})
    assert (found.remittance, found.bank_ids) == (lines, ids)


def test_parties_in_tags_are_parties() -> None:
    dutch = one({UNSTRUCTURED: f"/TRTP/iDEAL/IBAN/{THEIRS.value}/NAME/Bakker/REMI/Brood"})
    assert dutch.counterparty == Party("Bakker", THEIRS)
    german = one({"creditorName": "PayPal", UNSTRUCTURED: "SVWZ+Order ABWA+The Shop PURP+GDDS"})
    assert (german.details.ultimate, german.details.purpose) == (Party("The Shop"), "GDDS")


def test_a_label_cut_between_two_lines_is_one_label() -> None:
    found = one(text("Some words", "End-to-En", "d-Ref.: 9012", "Gläubiger-ID:", "AB12CDE"))
    assert found.remittance == ("Some words",)
    assert found.bank_ids == {"endToEndId": "9012", "creditorId": "AB12CDE"}


def test_lines_of_the_banks_width_go_on_in_the_next() -> None:
    rules = {"remittance": {"width": 12}}
    row = text("a text of th", "e bank that", "is cut") | {"creditorName": "x"}
    assert one(row, rules).remittance == ("a text of the bank that", "is cut")
    assert one(row).remittance == ("a text of th", "e bank that", "is cut")
    named = text("Exactly 12 c", "Order 7") | {"creditorName": "Exactly 12 c"}
    assert one(named, rules).remittance == ("Order 7",)


def test_a_reference_is_kept_unless_the_text_says_it_already() -> None:
    structured = "remittanceInformationStructured"
    assert one({UNSTRUCTURED: "Rent 12.03.", structured: "12"}).remittance == ("Rent 12.03.", "12")
    assert one({UNSTRUCTURED: "Rent RF1800001", structured: "RF18 0000 1"}).remittance == ("Rent RF1800001",)
    assert one({UNSTRUCTURED: "Rent", structured: "Rent May RF18"}).remittance == ("Rent May RF18",)
    assert one({UNSTRUCTURED: "Rent", structured: "rent"}).remittance == ("Rent",)


def test_a_line_as_wide_as_mt940s_that_breaks_off_in_a_word_goes_on() -> None:
    wide = ["Ueberweisung fuer die Wohnu", "ng im Erdgeschoss"]
    assert one(text(*wide)).remittance == ("Ueberweisung fuer die Wohnung im Erdgeschoss",)
    assert one(text(wide[0], "Neue Zeile")).remittance == (wide[0], "Neue Zeile")
    assert one(text("kurz", "und klein")).remittance == ("kurz", "und klein")


def test_the_list_comes_before_the_text_that_is_cut_and_repeats_are_one() -> None:
    cut = {UNSTRUCTURED: "first second thi", f"{UNSTRUCTURED}Array": ["first", "second", "third"]}
    assert one(cut).remittance == ("first", "second", "third")
    longer = {UNSTRUCTURED: "first second third", f"{UNSTRUCTURED}Array": ["first", None, "second"]}
    assert one(longer).remittance == ("first second third",)
    again = cut | {"remittanceInformationStructured": "FIRST SECOND THI"}
    assert one(again).remittance == ("first", "second", "third")


def test_only_additional_information_is_remittance_too() -> None:
    found = one({"additionalInformation": "Dankort Netto"})
    assert (found.remittance, found.details.additional) == (("Dankort Netto",), "Dankort Netto")
    assert one({"additionalInformation": "x", UNSTRUCTURED: "y"}).remittance == ("y",)


def test_rules_for_remittance() -> None:
    rules = {
        "remittance": {"fields": ["memo"], "separators": [";"], "prefixes": ["REF "], "clutter": ["Seite {number}"]}
    }
    found = one({"memo": ["REF one;two", "Seite 3"], UNSTRUCTURED: "not this"}, rules)
    assert found.remittance == ("one", "two")
    assert found.provenance["remittance"] == "memo by prefix, clutter"


def test_a_line_that_repeats_the_counterparty_goes_where_others_are_left() -> None:
    row = {"creditorName": "Otto GmbH", "creditorAccount": {"iban": THEIRS.value}}
    assert one(row | text("OTTO GMBH", THEIRS.value, "Order 7")).remittance == ("Order 7",)
    assert one(row | text("OTTO GMBH")).remittance == ("OTTO GMBH",)


# --- ids, pending, codes, details


def test_ids_that_a_bank_repeats_or_makes_up_are_no_evidence() -> None:
    row = {"transactionId": "00DEBIT2026", "entryReference": "E1"}
    assert one(row, {"ids": {"distrusted": ["entryReference"]}}).bank_ids == {"transactionId": "00DEBIT2026"}
    shapes = {"ids": {"shapes": {"transactionId": {"lengths": [11], "never": ["00DEBIT"]}}}}
    assert one(row, shapes).bank_ids == {"entryReference": "E1"}
    assert one({"transactionId": "11DEBIT2026"}, shapes).bank_ids == {"transactionId": "11DEBIT2026"}
    assert one({"transactionId": "short"}, shapes).bank_ids == {}


STATUS_WORDS = [
    ("BOOK", Status.BOOKED), ("pending", Status.PENDING), ("OTHR", Status.PENDING), ("DECLINED", Status.REJECTED),
    ("RJCT", Status.REJECTED), ("FUTR", Status.FUTURE), ("nonsense", Status.BOOKED), ("", Status.BOOKED),
]  # fmt: skip


@pytest.mark.parametrize(("word", "status"), STATUS_WORDS)
def test_a_rows_own_word_for_its_state_counts_more_than_its_list(word: str, status: Status) -> None:
    assert one({"status": word}).status is status


def test_a_banks_own_words_for_a_state() -> None:
    assert one({"status": "VORGEMERKT"}, {"pending": {"statuses": {"vorgemerkt": "PDNG"}}}).status is Status.PENDING


def test_placeholder_texts_of_pending_rows_are_left_out_but_not_their_money() -> None:
    row = {"creditorName": "Kartenzahlung", UNSTRUCTURED: "wird gebucht"}
    found = one(row, {"pending": {"placeholder_texts": True}}, pending=True)
    assert (found.counterparty, found.remittance, found.money.number) == (Party(), (), Decimal("-12.10"))
    assert one(row, {"pending": {"placeholder_texts": True}}).counterparty.name == "Kartenzahlung"


DESCRIPTORS = [
    ("SUMUP *BAECKEREI KLEIN 0042 BERLIN DE", ("BAECKEREI KLEIN 0042 BERLIN", None, "DE")),
    ("TESCO STORES 2041", ("TESCO STORES", None, None)),
    ("AMZN Mktp DE*RT4Y12", ("AMZN Mktp", None, "DE")),
    ("REWE//Koeln/DE", ("REWE", "Koeln", "DE")),
    ("CrustumOU\\Poordi 3\\Tallinn\\10156 EST", ("CrustumOU", "Tallinn", "EE")),
    ("SHOP 800-279-6620", ("SHOP", None, None)),
    ("H&M", ("H&M", None, None)),
    ("3", ("3", None, None)),
    ("1234", ("1234", None, None)),
]


@pytest.mark.parametrize(("descriptor", "expected"), DESCRIPTORS)
def test_a_merchants_name_is_cleaned_of_what_is_surely_no_name(
    descriptor: str, expected: tuple[str, str | None, str | None]
) -> None:
    found = merchant(descriptor)
    assert (found.name, found.city, found.country) == expected


def test_the_merchant_of_a_card_payment_is_explained() -> None:
    found = one({"creditorName": "TESCO STORES 2041", "bankTransactionCode": "PMNT-CCRD-POSD"})
    assert (found.counterparty.name, found.details.card) == ("TESCO STORES 2041", Card(merchant_name="TESCO STORES"))
    assert found.provenance["details.card"] == "creditorName by merchant_name"
    assert one({"creditorName": "TESCO STORES 2041"}).details.card is None


def test_a_card_number_in_a_text_is_masked() -> None:
    card = one({UNSTRUCTURED: "PIRKUMS 4242424242424242 09.03.2026 22.99 EUR (111111) SHOP"}).details.card
    assert card == Card(masked_pan="************4242", merchant_name="SHOP")


@pytest.mark.parametrize(
    "line", ["2,80 NZD / 1 euro = 1,8181", "Original 2,80 NZD 1 Euro=1,8181", "Einkauf Kurs 1,8181 NZD 2,80"]
)
def test_what_was_paid_in_another_currency_stands_in_a_text(line: str) -> None:
    found = one(text("Otto", line))
    assert found.details.exchange == Exchange("NZD", "EUR", "EUR", Decimal("1.8181"), Money(Decimal("-2.80"), "NZD"))
    assert found.provenance["details.exchange"].endswith(" by exchange_in_text")
    assert one(text("Yogakurs 10 EUR 120,00", "Kurs 3 von 12")).details.exchange is None


@pytest.mark.parametrize("table", [narratives.PAYEES, narratives.DATED])
def test_every_template_of_the_tables_has_the_blank_it_is_for(table: Any) -> None:
    blank = "{payee}" if table is narratives.PAYEES else "{date}"
    assert [one.source for one in table.templates if blank not in one.source] == []


WRONG_RULES = [
    {"parties": {"texts": ["no blank"]}},
    {"dates": {"texts": ["{payee} x"]}},
    {"dates": {"texts": ["{date"]}},
    {"parties": {"fields": ["a b"]}},
    {"remittance": {"width": 3}},
    {"surprise": 1},
    {"pending": {"statuses": {"x": "NOPE"}}},
]


@pytest.mark.parametrize("rules", WRONG_RULES)
def test_wrong_rules_are_refused_when_they_are_read(rules: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(rules, Rules)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_row_with_a_placeholder_for_its_booking_day_has_its_value_day(day: str) -> None:
    row = one({"bookingDate": day, "valueDate": "2026-03-02"})
    assert (row.booking_date, row.value_date) == (None, date(2026, 3, 2))
