# ruff: noqa: E501  (a text of a bank's is one line)
"""Rows as banks of twenty countries write them, read without one rule of the bank's own: nobody has said which bank it is.

All values are invented. What a person may have written into a payment names nobody.
"""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from providers.balances import choose
from providers.berlin_group import normalize
from providers.errors import ContractBroken
from providers.model import Account, AccountType, Identifier, Page, Scheme, Status, Transaction
from providers.uk_obie import normalize as uk

ZONES = {
    "AT": "Vienna", "BE": "Brussels", "CZ": "Prague", "DE": "Berlin", "DK": "Copenhagen", "ES": "Madrid", "FR": "Paris",
    "GB": "London", "HU": "Budapest", "IE": "Dublin", "IT": "Rome", "LT": "Vilnius", "LV": "Riga", "MC": "Monaco",
    "NL": "Amsterdam", "NO": "Oslo", "PL": "Warsaw", "PT": "Lisbon", "RO": "Bucharest", "SE": "Stockholm",
}  # fmt: skip
OWN = Identifier(Scheme.IBAN, "EE382200221020145685")
THEIRS = "DE89370400440532013000"
ALICES = Account("acc-1", "EUR", type=AccountType.CURRENT, identifiers=(OWN,))
ROW: dict[str, Any] = {"bookingDate": "2024-03-04", "transactionAmount": {"amount": "-7.50", "currency": "EUR"}}

# country, lines, which way, other side, day (and time in UTC) of the purchase, last digits of the card
# fmt: off
NARRATIVES = [
    ("DE", "?00SEPA-BASISLASTSCHRIFT?109310?20EREF+ZAA0917?21MREF+M44?22CRED+DE11ZZZ00000000001?23SVWZ+Mitgliedsbeitrag 01.20?2424?30GENODEF1OL2?31DE12500105170648489890?32TSV Musterstadt 1900 e.V.?34992", "-", "TSV Musterstadt 1900 e.V.", None, None),
    ("AT", "BILLA DANKT 0042 K2 31.01. 17:22", "-", "BILLA DANKT", None, None),
    ("AT", "SPAR FIL. 1234 WIEN 1234 K002 31.01. 17:22", "-", "SPAR FIL. 1234 WIEN", None, None),
    ("AT", "Bezahlung Karte                              MC/000001234\nPOS          1234 K001 01.02. 10:15          HOFER DANKT\\\\1010\\WIEN            040", "-", "HOFER DANKT", None, None),
    ("NL", "DEKAMARKT<br>Pasvolgnr: 001 28-08-2024 14:35<br>Transactie: 50R321 Term: GXNCCC<br>Valutadatum: 29-08-2024", "-", "DEKAMARKT", "2024-08-28T12:35", None),
    ("NL", "BEA, Apple Pay\nAlbert Heijn 1521,PAS123\nNR:X1234567, 28.08.24/17:33\nAMSTERDAM", "-", "Albert Heijn 1521", "2024-08-28T15:33", None),
    ("NL", "BEA, Betaalpas\nCCV*Cafe de Zaak,PAS042\nNR:CT123456, 27.08.24/22:01\nLand: DEU", "-", "Cafe de Zaak", "2024-08-27T20:01", None),
    ("NL", "/TRTP/SEPA Incasso algemeen doorlopend/CSID/NL13ZZZ332005960000/NAME/VODAFONE LIBERTEL B.V./MARF/1.12345678/REMI/Factuur 0012 Klantnr 99/IBAN/NL20INGB0001234567/BIC/INGBNL2A/EREF/550", "-", "VODAFONE LIBERTEL B.V.", None, None),
    ("NL", "SEPA Overboeking\nIBAN: NL20INGB0001234567\nBIC: INGBNL2A\nNaam: P. de Vries\nOmschrijving: Huur september\nKenmerk: 12345", "-", "P. de Vries", None, None),
    ("BE", "DELHAIZE GENT Betaling met KBC-Debetkaart via Bancontact 03-03-2024 om 12.41 uur 6703 04XX XXXX X123 5 Kaarthouder X", "-", "DELHAIZE GENT", "2024-03-03T11:41", None),
    ("BE", "BETALING AANKOPEN VIA BANCONTACT 03-03 COLRUYT 1234 9000 GENT KAARTNUMMER 6703 04XX XXXX X123", "-", "COLRUYT 1234 9000 GENT", "2024-03-03", None),
    ("BE", "BETALING MET DEBETKAART NUMMER 4871 04XX XXXX 1234 CARREFOUR EXPRESS GENT 03/03/2024 BANCONTACT CONTACTLESS BANKREFERENTIE : 2403041234567890", "-", "CARREFOUR EXPRESS GENT", "2024-03-03", None),
    ("ES", "Compra Mercadona Valencia, Valencia, Tarjeta 5163XXXXXXXX1234 , Comision 0,00", "-", "Mercadona Valencia", None, "1234"),
    ("ES", "COMPRA TARJ. 5402XXXXXXXX1234 REPSOL MADRID-MADRID", "-", "REPSOL MADRID-MADRID", None, "1234"),
    ("ES", "COMPRA TARJ. 5402XXXXXXXX1234 ZARA-BARCELONA", "-", "ZARA-BARCELONA", None, "1234"),
    ("ES", "RECIBO IBERDROLA CLIENTES, S.A.U Nº RECIBO 0049 1234 567 REF. MANDATO 0001234", "-", "IBERDROLA CLIENTES, S.A.U", None, None),
    ("ES", "TRANSFERENCIA DE JUAN PEREZ GARCIA, CONCEPTO ALQUILER MARZO.", "+", "JUAN PEREZ GARCIA", None, None),
    ("ES", "BIZUM A FAVOR DE MARIA LOPEZ CONCEPTO: CENA", "-", "MARIA LOPEZ", None, None),
    ("ES", "/Txt/D|RECIBO;NATURGY IBERIA", "-", "NATURGY IBERIA", None, None),
    ("ES", "COMPRA EN AMAZON MARKETPLACE, CON LA TARJETA : 5489XXXXXXXX1234 EL 2024-03-02", "-", "AMAZON MARKETPLACE", "2024-03-02", "1234"),
    ("ES", "REINTEGRO CAJERO AUTOMATICO 02/03 UNICAJA MALAGA", "-", None, None, None),
    ("IT", "PAGAMENTO POS ESSELUNGA MILANO CARTA N. 5179 XXXX XXXX 1234 DATA OPERAZ. 01/03/2024 ORA 18.22", "-", "ESSELUNGA MILANO", "2024-03-01T17:22", "1234"),
    ("IT", "BONIFICO A VOSTRO FAVORE ORDINANTE: ROSSI MARIO CAUSALE: AFFITTO MARZO 2024", "+", "ROSSI MARIO", None, None),
    ("IT", "BONIFICO DA VOI DISPOSTO A FAVORE DI: BIANCHI LUCA CAUSALE: SALDO FATT 12", "-", "BIANCHI LUCA", None, None),
    ("IT", "ADDEBITO SDD ENEL ENERGIA S.P.A. MANDATO 12345678", "-", "ENEL ENERGIA S.P.A.", None, None),
    ("IT", "PAGAMENTO POS 02/03/2024 14.22 COOP FIRENZE FIRENZE OP.123456 CARTA ****1234", "-", "COOP FIRENZE FIRENZE", "2024-03-02T13:22", None),
    ("IT", "COMMISSIONI E SPESE SU BONIFICO", "-", None, None, None),
    ("IT", "Pag. del 02/03/24 ora 12:30 presso: MCDONALDS VIA ROMA Carta N° *****123 Nessuna commissione", "-", "MCDONALDS VIA ROMA", "2024-03-02T11:30", None),
    ("PT", "COMPRA 1234 PINGO DOCE LISBOA CONTACTLESS", "-", "PINGO DOCE LISBOA", None, None),
    ("PT", "DD VODAFONE PORTUGAL 12345678901", "-", "VODAFONE PORTUGAL", None, None),
    ("PT", "TRF MB WAY P/ *****1234", "-", None, None, None),
    ("PT", "TRF DE MARIA SILVA SANTOS", "+", "MARIA SILVA SANTOS", None, None),
    ("PL", "BIEDRONKA 1234 /WARSZAWA DATA TRANSAKCJI: 2024-03-02", "-", "BIEDRONKA 1234 /WARSZAWA", "2024-03-02", None),
    ("PL", "Tytuł: 000498849 74230784061234567890123 Lokalizacja: Adres: ZABKA Z1234 K.1 Miasto: KRAKOW Kraj: POLSKA Data i czas operacji: 2024-03-02 Oryginalna kwota operacji: 59.99 Numer karty: 425125******1234", "-", "ZABKA Z1234 K.1", "2024-03-02", "1234"),
    ("PL", "DOP. MC 557512******1234 PŁATNOŚĆ KARTĄ 59.99 PLN LIDL WARSZAWA", "-", "LIDL WARSZAWA", None, "1234"),
    ("CZ", "Nákup: LIDL DEKUJE ZA NAKUP, Brno, CZ, dne 2.3.2024, částka 249.00 CZK", "-", "LIDL DEKUJE ZA NAKUP", "2024-03-02", None),
    ("HU", "VÁSÁRLÁS KÁRTYÁVAL, 2024.03.02, Bankkártyaszám: XXXXXXXXXXXX1234, TESCO BUDAPEST", "-", "TESCO BUDAPEST", None, None),
    ("RO", "Tranzactie comerciant - Tranz: Nr card 9999XXXXXX1234,Comerciant KAUFLAND BUCURESTI,Data_Ora: 02-03-2024 17:10:30", "-", "KAUFLAND BUCURESTI", "2024-03-02T15:10", None),
    ("RO", "Card no: xxxxxxxxxxxx1234,Terminal: MEGA IMAGE 0123 RO BUCURESTI,Date: 02-03-2024", "-", "MEGA IMAGE 0123 RO BUCURESTI", None, "1234"),
    ("RO", "Cumparare POS LIDL 123 BUCURESTI | Card nr. XXXX 1234 | Data utilizarii cardului 02/03/2024", "-", "LIDL 123 BUCURESTI", "2024-03-02", None),
    ("DK", "Kortkøb NETTO 1234 KBH", "-", "NETTO 1234 KBH", None, None),
    ("DK", "Visa køb DKK 89,95 FØTEX AALBORG Den 02.03", "-", "FØTEX AALBORG", "2024-03-02", None),
    ("DK", "Visa køb DKK 89,95 FØTEX AALBORG", "-", "FØTEX AALBORG", None, None),
    ("DK", "Dankort-nota SuperBrugsen Odense 12345", "-", "SuperBrugsen Odense 12345", None, None),
    ("DK", "MobilePay Lars Hansen", "-", "Lars Hansen", None, None),
    ("NO", "Varekjøp REMA 1000 Storgata 1 Oslo Dato 02.03 kl. 17.22", "-", "REMA 1000 Storgata 1 Oslo", "2024-03-02T16:22", None),
    ("NO", "*1234 02.03 NOK 149.00 KIWI 505 OSLO Kurs: 1.0000", "-", "KIWI 505 OSLO", "2024-03-02", "1234"),
    ("NO", "Vipps*Bakeriet AS", "-", "Bakeriet AS", None, None),
    ("SE", "ICA SUPERMARKET/24-03-02", "-", "ICA SUPERMARKET", "2024-03-02", None),
    ("SE", "KORTKÖP 240302 COOP KONSUM STHLM", "-", "COOP KONSUM STHLM", "2024-03-02", None),
    ("SE", "Kortköp ICA NARA UPPSALA", "-", "ICA NARA UPPSALA", None, None),
    ("SE", "Swish från ANNA SVENSSON", "+", "ANNA SVENSSON", None, None),
    ("LV", "PIRKUMS 0000000000000000 02.03.2024 7.50 EUR (123456) RIMI RIGA", "-", "RIMI RIGA", "2024-03-02", None),
    ("LT", "PIRKINYS 4652XXXXXXXX1234 2024.03.02 7.50 EUR (123456) MAXIMA X123 VILNIUS", "-", "MAXIMA X123 VILNIUS", None, "1234"),
    ("LT", "02/03/2024 00:00  kortelė...765432 IKI VILNIUS/10234567001/LTU #123456", "-", "IKI VILNIUS", "2024-03-02", "5432"),
    ("IE", "Card purchase CENTRA CORK 02.03.2024 12:33", "-", "CENTRA CORK", "2024-03-02", None),
    ("IE", "POSC02MAR TESCO STORES DUBLIN", "-", "TESCO STORES DUBLIN", "2024-03-02", None),
    ("IE", "VDP-SUPERVALU", "-", "SUPERVALU", None, None),
    ("IE", "CNC CENTRA RANELA 02/03 1", "-", "CENTRA RANELA", "2024-03-02", None),
    ("FR", "CARTE X1234 02/03 MONOPRIX PARIS", "-", "MONOPRIX PARIS", "2024-03-02", "1234"),
    ("FR", "VIR RECU 1234567890S DE: MR JEAN DUPONT MOTIF: LOYER MARS REF: NOTPROVIDED", "+", "MR JEAN DUPONT", None, None),
    ("FR", "PRELEVEMENT EUROPEEN 1234567890 DE: FREE MOBILE ID: FR00ZZZ459654 MOTIF: 0611223344", "-", "FREE MOBILE", None, None),
    ("FR", "000001 VIR EUROPEEN EMIS LOGITEL POUR: MME MARTIN SOPHIE 03 03 BQ 123 MOTIF: LOYER", "-", "MME MARTIN SOPHIE", None, None),
    ("FR", "FACTURE CARTE DU 020324 CARREFOUR CITY PARIS CARTE 4974XXXXXXXX1234", "-", "CARREFOUR CITY PARIS", "2024-03-02", "1234"),
    ("FR", "PRLV SEPA EDF CLIENTS PARTICULIERS ECH/040324 ID EMETTEUR/FR47EDF001007 MDT/M123 REF/Z01 LIB/FACTURE", "-", "EDF CLIENTS PARTICULIERS", None, None),
    ("FR", "VIR SEPA RECU /DE MME CLAIRE PETIT /MOTIF CADEAU /REF 123", "+", "MME CLAIRE PETIT", None, None),
    ("FR", "PAIEMENT PAR CARTE\nX1234 BOULANGERIE DUPONT LYON 02/03", "-", "BOULANGERIE DUPONT LYON", "2024-03-02", None),
    ("FR", "PRELEVEMENT\nORANGE SA-ORANGE", "-", "ORANGE SA-ORANGE", None, None),
    ("FR", "VIREMENT EN VOTRE FAVEUR\nM. PAUL MARTIN", "+", "M. PAUL MARTIN", None, None),
    ("FR", "CB CARREFOUR MARKET 02/03/24", "-", "CARREFOUR MARKET", "2024-03-02", None),
    ("FR", "PRLV SEPA FREE TELECOM\nREF: 123", "-", "FREE TELECOM", None, None),
    ("FR", "ACHAT CB LECLERC DRIVE 02.03.24 CARTE NUMERO 123", "-", "LECLERC DRIVE", "2024-03-02", None),
    ("FR", "VIREMENT DE CAF DE PARIS", "+", "CAF DE PARIS", None, None),
    ("FR", "VIREMENT POUR MME LEROY", "-", "MME LEROY", None, None),
    ("FR", "VIR DE M DURAND ERIC", "+", "M DURAND ERIC", None, None),
    ("FR", "PRLV SEPA SFR FIXE ADSL", "-", "SFR FIXE ADSL", None, None),
    ("FR", "020324 CB****1234\nFNAC\nPARIS", "-", "FNAC", None, "1234"),
    ("FR", "CB INTERMARCHE FACT 020324", "-", "INTERMARCHE", "2024-03-02", None),
    ("FR", "CARTE 02/03/24 FRANPRIX 5678 CB*1234", "-", "FRANPRIX 5678", "2024-03-02", "1234"),
    ("FR", "CARTE 02/03 MONOPRIX", "-", "MONOPRIX", "2024-03-02", None),
    ("FR", "VIR SEPA M DURAND\nLOYER", "+", "M DURAND", None, None),
    ("MC", "PAIEMENT CB 02/03 CARREFOUR MONACO", "-", "CARREFOUR MONACO", None, None),
    ("FR", "RETRAIT DAB 02/03/24 18H22 BNP PARIBAS LYON", "-", None, "2024-03-02T17:22", None),
    ("BE", "narrative: ['DELHAIZE','GENT'], atmPosName: DELHAIZE GENT", "-", "DELHAIZE GENT", None, None),
    ("GB", "9273 02MAR24 CD , TESCO STORES 2041 , LONDON GB", "-", "TESCO STORES 2041", "2024-03-02", None),
    ("GB", "SAINSBURYS S/MKTS CD 1234", "-", "SAINSBURYS S/MKTS", None, None),
    ("GB", "PRET A MANGER CD 1234 02MAR24", "-", "PRET A MANGER", "2024-03-02", None),
    ("GB", "Netflix.com ON 02 MAR BCC", "-", "Netflix.com", "2024-03-02", None),
    ("GB", "))) COSTA COFFEE LONDON", "-", "COSTA COFFEE LONDON", None, None),
    ("GB", "CARD PAYMENT TO ALDI STORES ON 02-03-2024", "-", "ALDI STORES", "2024-03-02", None),
    ("GB", "FASTER PAYMENTS RECEIPT REF.RENT FROM MR J SMITH", "+", "MR J SMITH", None, None),
    ("GB", "Contactless Payment GREGGS PLC LONDON GB", "-", "GREGGS PLC LONDON GB", None, None),
    ("GB", "FPS, SMITH J, RENT MARCH", "+", "SMITH J", None, None),
    ("GB", "CARD PAYMENT TO SPOTIFY UK ON 02-03-2024", "-", "SPOTIFY UK", None, None),
    ("GB", "POS02MAR LIDL BELFAST", "-", "LIDL BELFAST", "2024-03-02", None),
    ("GB", "VDP-M&amp;S SIMPLY FOOD", "-", "M&S SIMPLY FOOD", None, None),
    ("GB", "PAYMENT RECEIVED - THANK YOU", "+", None, None, None),
    ("GB", "Payment from Jane Doe", "+", "Jane Doe", None, None),
    ("GB", "Card 12, WAITROSE 123", "-", "WAITROSE 123", None, None),
    ("GB", "DIRECT DEBIT PAYMENT TO BRITISH GAS REF 8500123, MANDATE NO 12", "-", "BRITISH GAS", None, None),
    ("GB", "Card Purchase TESCO EXPRESS", "-", "TESCO EXPRESS", None, None),
]

# What people write, and what names nobody.
WORDS = [
    "Rechnung 12/240302", "Rechnung 1/2-24 Danke", "Faktura 3/24-13-45", "Buy CD 12 songs", "Compra 2 camisas",
    "Recibo de alquiler marzo", "Hallo Naam: Jan", "IBAN: DE89370400440532013000", "TRF MB WAY P/ *****1234",
    "RETRAIT DAB 02/03/24 PARIS", "Auszahlung Karte MC/000001234AUTOMAT", "Card 12", "?Was ist das?20 Euro",
    "Miete K2 Maerz", "Ticket 4821 K 12", "Pos. 3 und 4", "CB radio", "DD Festival tickets", "POUR: le loyer",
    "Vipps", "Swish", "EPOS", "Kurs: Yoga am 03.02.", "CARTA da lettere", "BMW+Fahrer", "TID:1",
]
# fmt: on


def page(row: dict[str, Any], country: str = "DE", *, listed: str = "booked") -> Page:
    body = json.dumps({"transactions": {listed: [ROW | row]}}).encode()
    return normalize.transactions(body, account=ALICES, zone=ZoneInfo(f"Europe/{ZONES[country]}"))


def one(row: dict[str, Any], country: str = "DE", *, listed: str = "booked") -> Transaction:
    found = page(row, country, listed=listed)
    assert found.rejected == ()
    return found.transactions[0]


def money(number: Any, **more: Any) -> dict[str, Any]:
    return {"transactionAmount": {"amount": number, "currency": "EUR"} | more}


@pytest.mark.parametrize(("country", "lines", "way", "name", "day", "card"), NARRATIVES)
def test_a_text_of_the_bank_s_own_making_tells_who_when_and_with_which_card(
    country: str, lines: str, way: str, name: str | None, day: str | None, card: str | None
) -> None:
    row = {"bookingDate": "2024-03-04", "remittanceInformationUnstructuredArray": lines.split("\n")}
    if "2024" in lines or day:
        row["bookingDate"] = (date.fromisoformat((day or "2024-03-02")[:10]) + timedelta(days=2)).isoformat()
    found = one(row | money(f"{way}7.50"), country)
    assert found.counterparty.name == name
    if day is not None:
        assert found.transaction_datetime is not None
        assert found.transaction_datetime.isoformat().startswith(day)
    if card is not None:
        assert found.details.card is not None
        assert (found.details.card.masked_pan or "").endswith(card)


@pytest.mark.parametrize("words", WORDS)
def test_what_a_person_writes_names_nobody(words: str) -> None:
    found = one({"remittanceInformationUnstructured": words})
    assert found.counterparty.name is None
    assert found.remittance


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("-1.234,56", "-1234.56"), ("12,50-", "-12.50"), ("7.50 DR", "-7.50"), ("7.50CR", "7.50"), ("(7.50)", "-7.50"),
        ("- 149.00", "-149.00"), ("\u2212149,00", "-149.00"), ("\u20ac -1.234,50", "-1234.50"), ("-12 345", "-12345"),
        (-7, "-7"), (-7.5, "-7.5"),
    ],
)  # fmt: skip
def test_an_amount_has_its_sign_wherever_the_bank_puts_it(given: Any, number: str) -> None:
    assert one(money(given)).money.number == Decimal(number)


@pytest.mark.parametrize(
    ("indicator", "number"),
    [
        ("DBIT", "-7.50"),
        ("debit", "-7.50"),
        ("DR", "-7.50"),
        ("Credit", "7.50"),
        ("CR", "7.50"),
        ("", "7.50"),
        (None, "7.50"),
    ],
)
def test_the_indicator_turns_a_number_without_a_sign(indicator: str | None, number: str) -> None:
    assert str(one(money("7.50") | {"creditDebitIndicator": indicator}).money.number) == number


def test_money_whose_direction_nobody_knows_did_not_come_in() -> None:
    assert page(money("7.50") | {"creditDebitIndicator": "X"}).transactions == ()
    assert page(money("-7.50") | {"creditDebitIndicator": "CRDT"}).transactions == ()
    assert str(one(money("-7.50") | {"creditDebitIndicator": "X"}).money.number) == "-7.50"


@pytest.mark.parametrize(
    "written",
    ["2024-03-04", "4.3.2024", "04.03.24", "04/03/2024", "04/03/24", "04 Mar 2024", "04-MAR-24", "2024.03.04.", 20240304,
     "2024-03-04+01:00", "2024-03-03T23:00:00Z", "2024-03-04T00:00:00.000Z", "2024-03-04 00:00:00"],
)  # fmt: skip
def test_a_day_is_the_day_however_it_is_written(written: Any) -> None:
    found = one({"bookingDate": written, "valueDate": written})
    assert (found.booking_date, found.value_date) == (date(2024, 3, 4), date(2024, 3, 4))


@pytest.mark.parametrize("unknown", ["0001-01-01", "9999-12-31T00:00:00", "null", "-", "", "00.00.0000", None])
def test_a_day_that_the_bank_does_not_know_is_none(unknown: str | None) -> None:
    found = one({"bookingDate": unknown, "valueDate": "2024-03-04"}, listed="pending")
    assert (found.status, found.booking_date, found.value_date) == (Status.PENDING, None, date(2024, 3, 4))


def test_the_last_evening_of_a_day_in_utc_is_the_written_day() -> None:
    assert one({"bookingDate": "2024-03-03T23:30:00Z"}).booking_date == date(2024, 3, 3)
    body = {"Amount": {"Amount": "1.00", "Currency": "GBP"}, "CreditDebitIndicator": "Credit", "Status": "Booked"}
    for written, day in (("2024-06-05T23:00:00Z", date(2024, 6, 6)), ("2024-06-05T22:59:59Z", date(2024, 6, 5))):
        answer = json.dumps({"Data": {"Transaction": [body | {"BookingDateTime": written}]}}).encode()
        (found,) = uk.transactions(answer, zone=ZoneInfo("Europe/London")).transactions
        assert found.booking_date == day


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("PASTELARIA S\u00c3\u00a3o Jo\u00c3\u00a3o", "PASTELARIA S\u00e3o Jo\u00e3o"),
        ("Stadtwerke M\u00c3\u00bcnchen", "Stadtwerke M\u00fcnchen"),
        ("Caf\u00c3\u00a9 \u00c3\u0160rable", "Caf\u00e9 \u00caRABLE".replace("RABLE", "rable")),
        ("\u00c5\u00bbabka", "\u017babka"),
        ("M&amp;S", "M&S"), ("M&#252;ller &amp;amp; S&ouml;hne", "M\u00fcller & S\u00f6hne"), ("AT&T; Inc", "AT&T; Inc"),
        ("R&D &copy", "R&D &copy"),
        ("  SHOP \u0000\u0007  ATHENS\u200b ", "SHOP ATHENS"), ("A\u00a0B", "A B"),
        ("\u00c3\u2026 is no word", "\u00c5 is no word"), ("CR\u00c9DIT", "CR\u00c9DIT"), ("\u00c2ngela", "\u00c2ngela"),
    ],
)  # fmt: skip
def test_a_name_is_what_it_was_before_somebody_encoded_it(written: str, read: str) -> None:
    found = one({"creditorName": written, "remittanceInformationUnstructured": written})
    assert found.counterparty.name == read
    assert found.remittance == (read,)


@pytest.mark.parametrize("written", ["utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_an_answer_is_read_in_whatever_encoding_it_comes(written: str) -> None:
    body = json.dumps({"transactions": {"booked": [ROW | {"creditorName": "Müller"}]}}, ensure_ascii=False)
    found = normalize.transactions(f"{body}\n".encode(written), account=ALICES)
    assert [one.counterparty.name for one in found.transactions] == ["Müller"]
    assert json.loads(found.transactions[0].raw)["creditorName"] == "Müller"


def test_null_for_a_list_is_an_empty_one_and_a_missing_list_is_no_answer() -> None:
    assert normalize.transactions(b'{"account":{},"transactions":null}') == Page((), None, ())
    with pytest.raises(ContractBroken):
        normalize.transactions(b'{"account":{},"movements":[]}')


@pytest.mark.parametrize(
    ("row", "number", "kind"),
    [
        ({"balanceAmount": {"amount": "5.00", "currency": "eur"}, "balanceType": "Closing Booked"}, "5.00", "CLBD"),
        ({"balanceAmount": {"amount": "5.00"}, "balanceType": "available"}, "5.00", "ITAV"),
        ({"amount": "5,00", "currency": "EUR", "balanceType": "CURRENT"}, "5.00", "ITBD"),
        ({"balanceAmount": {"amount": "5.00"}, "balanceType": "CLBD", "creditDebitIndicator": "DR"}, "-5.00", "CLBD"),
    ],
)  # fmt: skip
def test_a_balance_is_read_by_what_it_says(row: dict[str, Any], number: str, kind: str) -> None:
    (found,) = normalize.balances(json.dumps({"balances": [row]}).encode(), account=ALICES).values
    assert (str(found.money.number), found.money.currency, found.type.value) == (number, "EUR", kind)


def test_a_balance_of_which_nobody_knows_whether_it_is_debt_is_none() -> None:
    row = {"balanceAmount": {"amount": "5.00"}, "balanceType": "CLBD", "creditDebitIndicator": "X"}
    found = normalize.balances(json.dumps({"balances": [row]}).encode(), account=ALICES)
    assert (found.values, len(found.rejected)) == ((), 1)


def test_a_credit_line_said_in_words_still_counts() -> None:
    rows = [
        {"balanceAmount": {"amount": number}, "balanceType": "expected", "creditLimitIncluded": said}
        for number, said in (("605.00", "true"), ("5.00", "FALSE"))
    ]
    found = normalize.balances(json.dumps({"balances": rows}).encode(), account=ALICES).values
    chosen = choose(found, account_type=AccountType.CURRENT).current
    assert chosen is not None
    assert str(chosen.money.number) == "5.00"


def test_the_holder_in_both_places_is_nobody() -> None:
    both = {"creditorName": "Alice Moro", "debtorName": "Alice Moro"}
    assert one(both).counterparty.name is None
    assert one(both | {"creditorAccount": {"iban": OWN.value}}).counterparty.account is None
    elsewhere = one(both | {"creditorAccount": {"iban": THEIRS}}).counterparty  # her account at another bank
    assert (elsewhere.name, elsewhere.account) == ("Alice Moro", Identifier(Scheme.IBAN, THEIRS))


def test_a_list_of_one_is_what_it_holds() -> None:
    account = [{"iban": THEIRS}]
    nested = {"transactionAmount": [{"amount": "-7.50", "currency": "eur"}], "creditorName": ["Shop"]}
    found = one(nested | {"creditorAccount": account, "remittanceInformationUnstructured": [["Order 1"]]})
    assert (str(found.money.number), found.money.currency, found.counterparty.name) == ("-7.50", "EUR", "Shop")
    assert found.remittance == ("Order 1",)


def test_the_front_of_a_card_s_shop_goes_where_the_text_says_that_a_card_paid() -> None:
    by_card = {"remittanceInformationUnstructured": "VISA Debitkartenumsatz vom 02.03.2024"}
    assert one({"creditorName": "VISA SHOP BERLIN"} | by_card).counterparty.name == "SHOP BERLIN"
    assert one({"creditorName": "VISA EUROPE LTD"}).counterparty.name == "VISA EUROPE LTD"


@pytest.mark.parametrize(
    ("lines", "words", "ids", "account"),
    [
        ("Naam: J. Jansen<br>Omschrijving: verjaardag<br>IBAN: NL20INGB0001234567<br>Kenmerk: 12", "verjaardag",
         {"endToEndId": "12"}, "NL20INGB0001234567"),
        ("SEPA Incasso algemeen\nIBAN: NL20INGB0001234567\nNaam: Energie BV\nMachtiging: M-1\nOmschrijving: mei", "mei",
         {"mandateId": "M-1"}, "NL20INGB0001234567"),
        ("Auftraggeber: Muster GmbH Buchungstext: Lohn Mai", "Lohn Mai", {}, None),
        ("?20EREF+1?21SVWZ+Beitrag 2024?30GENODEF1?31DE89370400440532013000?32TSV Muster?33stadt", "Beitrag 2024",
         {"endToEndId": "1"}, THEIRS),
    ],
)  # fmt: skip
def test_the_bank_s_own_labels_are_taken_off(lines: str, words: str, ids: dict[str, str], account: str | None) -> None:
    found = one({"remittanceInformationUnstructuredArray": lines.split("\n")})
    assert found.remittance == (words,)
    assert ids.items() <= found.bank_ids.items()
    assert (found.counterparty.account and found.counterparty.account.value) == account
    assert found.counterparty.name is not None
