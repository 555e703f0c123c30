# ruff: noqa: E501  # rows stand as banks write them
"""Exports as banks shape them, with rows of our own making: (file, what its rows must come out as).

Shapes (columns, separators, preambles, the writing of days and amounts) are those of the bank that is named; people and
amounts are invented.
"""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Export:
    """``rows``: (booking day, amount as text, counterparty or None). ``says``: a piece of text that must be there."""

    raw: bytes
    rows: tuple[tuple[date, str, str | None], ...]
    currency: str = ""
    says: str = ""
    accounts: tuple[str, ...] = ()
    rejected: int = 0
    doubts: bool = field(default=False)


def _csv(text: str, encoding: str = "utf-8") -> bytes:
    return text.lstrip("\n").encode(encoding)


EXPORTS: dict[str, Export] = {
    "a German savings bank": Export(
        _csv(
            """
"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Glaeubiger ID";"Mandatsreferenz";"Kundenreferenz (End-to-End)";"Sammlerreferenz";"Lastschrift Ursprungsbetrag";"Auslagenersatz Ruecklastschrift";"Beguenstigter/Zahlungspflichtiger";"Kontonummer/IBAN";"BIC (SWIFT-Code)";"Betrag";"Waehrung";"Info"
"DE89370400440532013000";"15.03.24";"15.03.24";"FOLGELASTSCHRIFT";"Strom März Abschlag";"DE98ZZZ09999999999";"M-1";"E-1";"";"";"";"Stadtwerke Köln";"DE02120300000000202051";"BYLADEM1001";"-54,90";"EUR";"Umsatz gebucht"
"DE89370400440532013000";"14.03.24";"14.03.24";"GUTSCHR. UEBERWEISUNG";"Gehalt 03/24";"";"";"";"";"";"";"Lagune GmbH";"DE02100500000054540402";"BELADEBE";"2.410,00";"EUR";"Umsatz vorgemerkt"
""",
            "cp1252",
        ),
        ((date(2024, 3, 15), "-54.90", "Stadtwerke Köln"), (date(2024, 3, 14), "2410.00", "Lagune GmbH")),
        "EUR",
        "Strom März Abschlag",
        ("DE89370400440532013000",),
    ),
    "a German direct bank with a preamble": Export(
        _csv(
            """
Umsatzanzeige;Datei erstellt am: 02.04.2024 09:15

IBAN;DE89 3704 0044 0532 0130 00
Kontoname;Girokonto
Bank;Lagunenbank
Kunde;Alice Moro
Zeitraum;01.03.2024 - 31.03.2024
Saldo;1.234,56;EUR

In der CSV-Datei finden Sie alle bereits gebuchten Umsätze.

Buchung;Valuta;Auftraggeber/Empfänger;Buchungstext;Verwendungszweck;Saldo;Währung;Betrag;Währung
28.03.2024;28.03.2024;VISA BÄCKEREI SCHMIDT;Lastschrift;NR XXXX 1234 KÖLN;1.234,56;EUR;-3,40;EUR
27.03.2024;27.03.2024;Moro, Alice;Überweisung;Miete April;1.237,96;EUR;-850,00;EUR
""",
            "iso-8859-1",
        ),
        ((date(2024, 3, 28), "-3.40", "VISA BÄCKEREI SCHMIDT"), (date(2024, 3, 27), "-850.00", "Moro, Alice")),
        "EUR",
        "Miete April",
    ),
    "a Dutch bank with Af and Bij": Export(
        _csv(
            """
"Datum";"Naam / Omschrijving";"Rekening";"Tegenrekening";"Code";"Af Bij";"Bedrag (EUR)";"Mutatiesoort";"Mededelingen";"Saldo na mutatie";"Tag"
"20240315";"Albert Heijn 1234";"NL91ABNA0417164300";"";"BA";"Af";"23,45";"Betaalautomaat";"Pasvolgnr: 001 15-03-2024 12:00";"976,55";""
"20240314";"Hr A Moro";"NL91ABNA0417164300";"NL02RABO0123456789";"OV";"Bij";"1000,00";"Overschrijving";"Naam: Hr A Moro Omschrijving: huur";"1000,00";""
"""
        ),
        ((date(2024, 3, 15), "-23.45", "Albert Heijn 1234"), (date(2024, 3, 14), "1000.00", "Hr A Moro")),
        "EUR",
        "huur",
        ("NL91ABNA0417164300",),
    ),
    "another Dutch bank, amounts with a plus": Export(
        _csv(
            """
"IBAN/BBAN","Munt","BIC","Volgnr","Datum","Rentedatum","Bedrag","Saldo na trn","Tegenrekening IBAN/BBAN","Naam tegenpartij","Naam uiteindelijke partij","Omschrijving-1","Omschrijving-2"
"NL91ABNA0417164300","EUR","RABONL2U","000000000000007001","2024-03-15","2024-03-15","-12,34","+987,66","NL02RABO0123456789","Jumbo Mestre","","Boodschappen","week 11"
"NL91ABNA0417164300","EUR","RABONL2U","000000000000007002","2024-03-16","2024-03-16","+100,00","+1087,66","NL02RABO0123456789","B. Moro","","Terug",""
"""
        ),
        ((date(2024, 3, 15), "-12.34", "Jumbo Mestre"), (date(2024, 3, 16), "100.00", "B. Moro")),
        "EUR",
        "Boodschappen",
        ("NL91ABNA0417164300",),
    ),
    "a British bank with money out and money in": Export(
        _csv(
            """
Transaction Date,Transaction Type,Sort Code,Account Number,Transaction Description,Debit Amount,Credit Amount,Balance
15/03/2024,DEB,'30-90-89,12345678,TESCO STORES 3297,23.45,,1200.10
14/03/2024,FPI,'30-90-89,12345678,MORO A RENT,,650.00,1223.55
"""
        ),
        ((date(2024, 3, 15), "-23.45", None), (date(2024, 3, 14), "650.00", None)),
        "",
        "TESCO STORES 3297",
        ("12345678",),
    ),
    "a phone bank that writes moments": Export(
        _csv(
            """
Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance
CARD_PAYMENT,Current,2024-03-14 10:15:33,2024-03-15 08:00:01,Cafe Florian,-12.50,0.00,EUR,COMPLETED,87.50
TOPUP,Current,2024-03-13 09:00:00,2024-03-13 09:00:02,Top-Up by *1234,100.00,0.00,EUR,COMPLETED,100.00
CARD_PAYMENT,Current,2024-03-16 12:00:00,,Shop that failed,-5.00,0.00,EUR,REVERTED,
"""
        ),
        (
            (date(2024, 3, 15), "-12.50", None),
            (date(2024, 3, 13), "100.00", None),
        ),
        "EUR",
        "Cafe Florian",
        rejected=1,
    ),
    "a French bank with a debit and a credit column": Export(
        _csv(
            """
Date;Date de valeur;Libellé;Débit euros;Crédit euros
15/03/2024;16/03/2024;"CB CAFE DU PONT 14/03/24";-12,30;
14/03/2024;14/03/2024;"VIR LAGUNE SARL";;1 850,00
""",
            "iso-8859-15",
        ),
        ((date(2024, 3, 15), "-12.30", "CAFE DU PONT"), (date(2024, 3, 14), "1850.00", None)),
        "",
        "CB CAFE DU PONT",
    ),
    "an American card, months first and charges positive": Export(
        _csv(
            """
Date,Description,Card Member,Account #,Amount
03/15/2024,BLUE BOTTLE COFFEE,ALICE MORO,-41002,6.75
03/28/2024,AUTOPAY PAYMENT,ALICE MORO,-41002,-250.00
"""
        ),
        ((date(2024, 3, 15), "6.75", None), (date(2024, 3, 28), "-250.00", None)),
        "",
        "BLUE BOTTLE COFFEE",
        ("-41002",),
    ),
    "a Polish bank": Export(
        _csv(
            """
#Data operacji;#Opis operacji;#Rachunek;#Kategoria;#Kwota;#Saldo po operacji
2024-03-15;ZABKA Z1234 K.1 KRAKOW ZAKUP PRZY UŻYCIU KARTY;eKonto 1140;Żywność;-23,45 PLN;1 976,55 PLN
2024-03-14;PRZELEW PRZYCHODZĄCY;eKonto 1140;Wpływy;2 000,00 PLN;2 000,00 PLN
""",
            "cp1250",
        ),
        ((date(2024, 3, 15), "-23.45", None), (date(2024, 3, 14), "2000.00", None)),
        "",
        "PRZELEW",
    ),
    "a tab-separated Swedish export without a header": Export(
        _csv(
            "2024-03-15\tICA SUPERMARKET\t-345,00\t10 655,00\n2024-03-14\tLÖN\t25 000,00\t11 000,00\n",
        ),
        ((date(2024, 3, 15), "-345.00", None), (date(2024, 3, 14), "25000.00", None)),
        "",
        "ICA SUPERMARKET",
        doubts=True,
    ),
    "a Swiss export with apostrophes": Export(
        _csv(
            """
Datum;Buchungstext;Betrag;Valuta
15.03.2024;Migros Zürich;-1'234.50;15.03.2024
14.03.2024;Lohn;6'500.00;14.03.2024
"""
        ),
        ((date(2024, 3, 15), "-1234.50", None), (date(2024, 3, 14), "6500.00", None)),
        "",
        "",
    ),
    "an Italian bank with Dare and Avere": Export(
        _csv(
            """
Data Contabile;Data Valuta;Causale;Descrizione;Dare;Avere
15/03/2024;15/03/2024;POS;Pagamento presso Bar Centrale;4,50;
14/03/2024;14/03/2024;BONIFICO;Stipendio marzo;;1.900,00
""",
            "cp1252",
        ),
        ((date(2024, 3, 15), "-4.50", "Bar Centrale"), (date(2024, 3, 14), "1900.00", None)),
        "",
        "Stipendio marzo",
    ),
    "Soll and Haben beside an unsigned amount, a total at the end": Export(
        _csv(
            """
Buchungstag;Verwendungszweck;Betrag;Währung;Soll/Haben
15.03.2024;Kontoführung;4,90;EUR;S
14.03.2024;Zinsen;1,05;EUR;H
;Summe;;;
"""
        ),
        ((date(2024, 3, 15), "-4.90", None), (date(2024, 3, 14), "1.05", None)),
        "EUR",
        "Kontoführung",
        rejected=1,
    ),
    "a German bank with a debtor and a creditor": Export(
        _csv(
            """
"Girokonto";"DE89370400440532013000"
"Kontostand vom 02.04.2024:";"1.234,56 €"
""
"Buchungsdatum";"Wertstellung";"Status";"Zahlungspflichtige*r";"Zahlungsempfänger*in";"Verwendungszweck";"Umsatztyp";"IBAN";"Betrag (€)";"Gläubiger-ID";"Mandatsreferenz";"Kundenreferenz"
"28.03.24";"28.03.24";"Gebucht";"ISSUER";"REWE Markt";"VISA Debitkartenumsatz";"Ausgang";"";"-12,34";"";"";"X1"
"27.03.24";"27.03.24";"Gebucht";"Lagune GmbH";"Alice";"Lohn";"Eingang";"DE02100500000054540402";"2.000";"";"";"X2"
"""
        ),
        ((date(2024, 3, 28), "-12.34", "REWE Markt"), (date(2024, 3, 27), "2000", "Lagune GmbH")),
        "EUR",
        "Lohn",
        (),
        rejected=0,
    ),
    "a phone bank with the currency in a header": Export(
        _csv(
            """
"Booking Date","Value Date","Partner Name","Partner Iban",Type,"Payment Reference","Account Name","Amount (EUR)","Original Amount","Original Currency","Exchange Rate"
2024-03-15,2024-03-15,"REWE SAGT DANKE",,"Presentment",,"Main Account",-12.34,-12.34,EUR,1
2024-03-14,2024-03-14,"Lagune GmbH",DE02100500000054540402,"Credit Transfer","Lohn","Main Account",2000,,,
"""
        ),
        ((date(2024, 3, 15), "-12.34", "REWE SAGT DANKE"), (date(2024, 3, 14), "2000", "Lagune GmbH")),
        "EUR",
        "Lohn",
        (),
        rejected=0,
    ),
    "a phone bank with everything twice": Export(
        _csv(
            """
Transaction ID,Date,Time,Type,Name,Emoji,Category,Amount,Currency,Local amount,Local currency,Notes and #tags,Address,Receipt,Description,Category split,Money Out,Money In
tx_00009,15/03/2024,10:11:12,Card payment,Tesco,X,Groceries,-12.34,GBP,-12.34,GBP,,,,TESCO STORES,,-12.34,
tx_00010,14/03/2024,09:11:12,Faster payment,Alice,,Income,100.00,GBP,100.00,GBP,rent,,,ALICE RENT,,,100.00
"""
        ),
        ((date(2024, 3, 15), "-12.34", "Tesco"), (date(2024, 3, 14), "100.00", "Alice")),
        "GBP",
        "rent",
        (),
        rejected=0,
    ),
    "an American bank whose amounts have no sign": Export(
        _csv(
            """
Account Number,Transaction Description,Transaction Date,Transaction Type,Transaction Amount,Balance
1234,Withdrawal to SHOP,03/15/24,Debit,12.34,100.00
1234,Deposit from JOB,03/14/24,Credit,1000.00,112.34
"""
        ),
        ((date(2024, 3, 15), "-12.34", None), (date(2024, 3, 14), "1000.00", None)),
        "",
        "SHOP",
        ("1234",),
        rejected=0,
    ),
    "an American bank with a summary in front": Export(
        _csv(
            """
Description,,Summary Amt.
Beginning balance as of 03/01/2024,,"1,000.00"
Total credits,,"500.00"
Total debits,,"-12.34"
Ending balance as of 03/15/2024,,"1,487.66"

Date,Description,Amount,Running Bal.
03/01/2024,Beginning balance as of 03/01/2024,,"1,000.00"
03/14/2024,"COFFEE SHOP","-12.34","987.66"
03/15/2024,"PAYROLL","500.00","1,487.66"
"""
        ),
        ((date(2024, 3, 14), "-12.34", None), (date(2024, 3, 15), "500.00", None)),
        "",
        "COFFEE SHOP",
        (),
        rejected=1,
    ),
    "a Belgian bank with numbers and names apart": Export(
        _csv(
            """
Volgnummer;Uitvoeringsdatum;Valutadatum;Bedrag;Valuta rekening;Rekeningnummer;Type verrichting;Tegenpartij;Naam van de tegenpartij;Mededeling;Details;Status;Reden van weigering
2024-00012;15/03/2024;15/03/2024;-12,34;EUR;BE68539007547034;Kaartbetaling;;DELHAIZE;;BETALING MET DEBETKAART;Geaccepteerd;
2024-00011;14/03/2024;14/03/2024;1000,00;EUR;BE68539007547034;Overschrijving;BE71096123456769;LAGUNE;loon;OVERSCHRIJVING;Geaccepteerd;
"""
        ),
        ((date(2024, 3, 15), "-12.34", "DELHAIZE"), (date(2024, 3, 14), "1000.00", "LAGUNE")),
        "EUR",
        "loon",
        ("BE68539007547034",),
        rejected=0,
    ),
    "a Belgian bank where valuta is a day": Export(
        _csv(
            """
Rekeningnummer;Rubrieknaam;Naam;Munt;Afschriftnummer;Datum;Omschrijving;Valuta;Bedrag;Saldo;credit;debet;rekeningnummer tegenpartij;BIC tegenpartij;Naam tegenpartij;Adres tegenpartij;gestructureerde mededeling;Vrije mededeling
BE68539007547034;;ALICE;EUR; 02024001;15/03/2024;BETALING;15/03/2024;-12,34;100,00;;-12,34;BE71096123456769;;DELHAIZE;;;winkel
BE68539007547034;;ALICE;EUR; 02024001;14/03/2024;LOON;14/03/2024;1000,00;112,34;1000,00;;BE71096123456769;;LAGUNE;;;loon
"""
        ),
        ((date(2024, 3, 15), "-12.34", "DELHAIZE"), (date(2024, 3, 14), "1000.00", "LAGUNE")),
        "EUR",
        "winkel",
        ("BE68539007547034",),
        rejected=0,
    ),
    "a Polish bank with two days and quoted numbers": Export(
        _csv(
            """
mBank S.A. Bankowość Detaliczna;
Skrytka Pocztowa 2108;

#Klient;
ALICE MORO;

#Data operacji;#Data księgowania;#Opis operacji;#Tytuł;#Nadawca/Odbiorca;#Numer konta;#Kwota;#Saldo po operacji;
2024-03-15;2024-03-16;ZAKUP PRZY UŻYCIU KARTY;"ZABKA /KRAKOW DATA TRANSAKCJI: 2024-03-15";"  ";'';-23,45;1 976,55;
2024-03-14;2024-03-14;PRZELEW ZEWNĘTRZNY PRZYCHODZĄCY;"CZYNSZ";"JAN NOWAK  UL. X";'56114010810000267002001001';2 000,00;2 000,00;
"""
        ),
        ((date(2024, 3, 16), "-23.45", "ZABKA /KRAKOW"), (date(2024, 3, 14), "2000.00", "JAN NOWAK UL. X")),
        "",
        "CZYNSZ",
        (),
        rejected=0,
    ),
    "a money transmitter with payer, payee and merchant": Export(
        _csv(
            """
"TransferWise ID",Date,"Date Time",Amount,Currency,Description,"Payment Reference","Running Balance","Exchange From","Exchange To","Exchange Rate","Payer Name","Payee Name","Payee Account Number",Merchant,"Card Last Four Digits","Card Holder Full Name",Attachment,Note,"Total fees"
CARD-1,15-03-2024,"15-03-2024 10:11:12",-12.34,EUR,"Card transaction of 12.34 EUR issued by Rewe",,100.00,,,,,,,Rewe,1234,"Alice",,,0
TRANSFER-2,14-03-2024,"14-03-2024 10:11:12",1000.00,EUR,"Received money from LAGUNE",loon,112.34,,,,LAGUNE,,,,,,,,0
"""
        ),
        ((date(2024, 3, 15), "-12.34", "Rewe"), (date(2024, 3, 14), "1000.00", "LAGUNE")),
        "EUR",
        "loon",
        (),
        rejected=0,
    ),
    "a German broker with open rows and a footer": Export(
        _csv(
            """
;
"Umsätze Girokonto";"Zeitraum: 30 Tage";
"Neuer Kontostand";"1.234,56 EUR";

"Buchungstag";"Wertstellung (Valuta)";"Vorgang";"Buchungstext";"Umsatz in EUR";
"15.03.2024";"15.03.2024";"Lastschrift / Belastung";" Auftraggeber: REWE Buchungstext: Einkauf Ref. X/1";"-12,34";
"offen";"--";"Visa-Umsatz";"X";"-1,00";
"14.03.2024";"14.03.2024";"Übertrag / Überweisung";" Auftraggeber: LAGUNE Buchungstext: Lohn";"1.000,00";

"Alter Kontostand";"246,90 EUR";
"""
        ),
        ((date(2024, 3, 15), "-12.34", "REWE"), (date(2024, 3, 14), "1000.00", "LAGUNE")),
        "EUR",
        "Lohn",
        (),
        rejected=2,
    ),
    "a Danish bank with empty columns": Export(
        _csv(
            """
Bogføringsdato;Beløb;Afsender;Modtager;Navn;Beskrivelse;Saldo;Valuta
2024/03/15;-12,34;;;Netto;Dankort-køb Netto;100,00;DKK
2024/03/14;1000,00;;;Lagune;Løn;112,34;DKK
"""
        ),
        ((date(2024, 3, 15), "-12.34", "Netto"), (date(2024, 3, 14), "1000.00", "Lagune")),
        "DKK",
        "",
        (),
        rejected=0,
    ),
    "an Austrian bank with both sides in every row": Export(
        _csv(
            """
Buchungsdatum;Valutadatum;Buchungstext;Interne Notiz;Währung;Betrag;Belegdaten;Belegnummer;Auftraggebername;Auftraggeberkonto;Auftraggeber BLZ;Empfängername;Empfängerkonto;Empfänger BLZ;Zahlungsgrund
15.03.2024;15.03.2024;POS BILLA;;EUR;-12,34;;;Alice;AT611904300234573201;;BILLA;;;Einkauf
14.03.2024;14.03.2024;Gehalt;;EUR;1000,00;;;Lagune;AT861904300235473202;;Alice;AT611904300234573201;;Gehalt
"""
        ),
        ((date(2024, 3, 15), "-12.34", "BILLA"), (date(2024, 3, 14), "1000.00", "Lagune")),
        "EUR",
        "Gehalt",
        (),
        rejected=0,
    ),
}
