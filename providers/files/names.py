"""The words of bank exports: what columns are called, and how a row says in or out. Data.

English, German, Dutch, French, Spanish, Italian, Portuguese, Polish, Czech, Swedish, Danish, Norwegian, Finnish.
"""

import re
import unicodedata
from collections.abc import Mapping

from providers.files.profile import Role


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


MONEY_OUT = _words(
    "d|db|dr|dbit|debit|debet|dt|af|s|soll|out|-|debe|dare|addebito|débit|cargo|withdrawal|debito|débito|expense|"
    "outgoing|payment|paid out"
)
MONEY_IN = _words(
    "c|cr|crdt|credit|ct|bij|h|haben|in|+|haber|avere|accredito|crédit|abono|deposit|credito|crédito|income|incoming|"
    "paid in|k"
)
PENDING = _words("pending|vorgemerkt|pdng|reserved|authorised|authorized|in attesa|pendiente")
REJECTED = _words("declined|rejected|reverted|failed|cancelled|canceled|rjct|abgelehnt|storniert")

# What stands in the place of a text where the row is no entry but a balance.
_BALANCES = _words(
    "opening balance|closing balance|starting balance|ending balance|balance brought forward|balance carried forward|"
    "previous balance|anfangssaldo|endsaldo|saldovortrag|alter saldo|neuer saldo|alter kontostand|neuer kontostand|"
    "saldo iniziale|saldo finale|saldo inicial|saldo final|saldo anterior|solde initial|solde final|ancien solde|"
    "nouveau solde|beginsaldo|eindsaldo|oud saldo|nieuw saldo|saldo poczatkowe|saldo koncowe|pocatecni zustatek|"
    "konecny zustatek|ingaende saldo|utgaende saldo"
)


def is_balance(text: str) -> bool:
    return len(text) <= _LONGEST and folded(text) in _BALANCES


# Folded: lower case, no accents, one space for whatever stands between words. A name fits by being one of these or by
# beginning so.
_NAMES: Mapping[Role, str] = {
    Role.VALUE_DATE: "valutadatum|wertstellung|wertstellungsdatum|valuta|valuedate|value date|date valeur|"
    "datedevaleur|date de valeur|fecha valor|f valor|data valuta|data valor|rentedatum|interest date|data waluty|"
    "datum valuty|valuteringsdag|rentedato|arvopaiva|valor",
    Role.DATE: "buchungstag|buchungsdatum|buchung|booking date|bookingdate|booking|transaction date|transactiondate|"
    "date completed|completed date|date operation|date de comptabilisation|dateop|date dope|fecha operacion|"
    "fecha de operacion|f operacion|fecha|data contabile|data operazione|data movimento|data mov|data lancamento|"
    "data ksiegowania|data operacji|data transakcji|boekdatum|transactiedatum|transactie datum|datum zauctovani|"
    "datum|bokforingsdag|bokforingsdatum|bogforingsdato|bokforingsdato|kirjauspaiva|dato|date|data|posting date|"
    "posted date|posted|started date|time",
    Role.INDICATOR: "af bij|afbij|debit credit|debitcredit|credit debit|creditdebit|soll haben|sollhaben|"
    "umsatzart sh|dc|d c|cd|debet credit|bij af|bijaf|credit debit indicator|type d c|dr cr|drcr|debitorcredit",
    Role.DEBIT: "debit|soll|belastung|lastschrift eur|money out|paid out|withdrawal|withdrawals|cargo|cargos|"
    "addebito|addebiti|uscite|dare|debito|debitos|obciazenia|uit|ut|debit amount|debitamount|amount debit|depense|"
    "depenses|ausgaben|ausgang|spent|out|debit eur|montant debit|debe",
    Role.CREDIT: "credit|haben|gutschrift|money in|paid in|deposit|deposits|abono|abonos|accredito|accrediti|"
    "entrate|avere|credito|creditos|uznania|in|credit amount|creditamount|amount credit|recette|recettes|einnahmen|"
    "eingang|received|credit eur|montant credit|haber",
    Role.AMOUNT: "transaction amount|umsatz in eur|betrag|umsatz|amount|montant|importe|importo|bedrag|"
    "transactiebedrag|kwota|kwota operacji|castka|belopp|belob|belop|maara|valor|value|local amount|betrag eur|"
    "bedrag eur|amount eur|amount gbp|amount usd|kwota transakcji|objem|summa|sum|net amount",
    Role.CURRENCY: "valuta rekening|wahrung|waehrung|currency|devise|divisa|moneda|valuta|munt|muntsoort|moeda|"
    "waluta|mena|valuuta|wrg|ccy|account currency|local currency|waers|tecken",
    Role.PAYEE_ACCOUNT: "partner iban|rekeningnummer tegenpartij|tegenpartij|iban kontrahenta|afsender|modtager|"
    "payee account number|kontonummer iban|iban zahlungsbeteiligter|iban des zahlungsbeteiligten|tegenrekening|"
    "tegenrekening iban bban|counterparty account|compte contrepartie|numero de compte contrepartie|cuenta destino|"
    "numer rachunku|numer konta|rachunek nadawcy odbiorcy|protiucet|counterparty iban|payee account|"
    "account number to|iban auftraggeber empfanger|iban beneficiario|contrepartie compte|iban",
    Role.PAYEE_BIC: "bic tegenpartij|bic swift code|bic|counterparty bic|blz|swift",
    Role.DEBTOR: "zahlungspflichtige r|zahlungspflichtiger|auftraggebername|payer name|payer|from name|nadawca|"
    "debtor|debtor name|ordonnateur",
    Role.CREDITOR: "zahlungsempfanger in|zahlungsempfanger|empfangername|payee name|to name|odbiorca|creditor|"
    "creditor name",
    Role.PAYEE: "naam van de tegenpartij|navn|partner name|beguenstigter zahlungspflichtiger|"
    "begunstigter zahlungspflichtiger|name zahlungsbeteiligter|empfanger|auftraggeber empfanger|auftraggeber|"
    "auftraggeber beguenstigter|naam tegenpartij|naam omschrijving|tegenpartij naam|tegenpartij|payee|merchant|"
    "merchant name|counterparty|counter party|name|nom contrepartie|nom de la contrepartie|contrepartie|"
    "beneficiario|beneficiaire|ordenante|nadawca odbiorca|dane kontrahenta|nazwa odbiorcy|nazev protiuctu|mottagare|"
    "modtager|mottaker|saaja maksaja|partnername|vendor|to|naam",
    Role.KIND: "type verrichting|vorgang|buchungstext|umsatztyp|umsatzart|transaction type|transactiontype|type|"
    "tipo|tipo movimiento|mutatiesoort|mededelingensoort|type operation|typ operacji|rodzaj transakcji|typ|causale|"
    "code|transactiecode",
    Role.CATEGORY_CODE: "mcc|merchant category code",
    Role.MANDATE: "mandatsreferenz|mandaatkenmerk|machtigingskenmerk|mandate|mandate reference|machtigings id",
    Role.CREDITOR_ID: "glaubiger id|glaeubiger id|incassant id|creditor id|incassantid",
    Role.REFERENCE: "kundenreferenz end to end|end to end id|endtoend|end to end|eindtoeind|kundenreferenz|"
    "ende zu ende referenz|betalingskenmerk",
    Role.ID: "transferwise id|transaction id|transactionid|transaktions id|id|fitid|volgnr|volgnummer|"
    "transactiereferentie|numero movimiento|operation id|transaction number|unique id|reference number|id operacji|"
    "afschriftnummer|transaction reference|tx id",
    Role.STATUS: "status|state|info|stato|estado|statut",
    Role.BALANCE: "running bal|saldo|saldo nach buchung|saldo nach umsatz|balance|running balance|solde|"
    "saldo na mutatie|saldo po operacji|balance after|zustatek|saldo disponivel|saldo na trn|beholdning|"
    "saldo contabile|kontostand",
    Role.ACCOUNT: "auftragskonto|iban auftragskonto|own account|account|account number|konto|kontonummer|rekening|"
    "rekeningnummer|iban bban|compte|numero de compte|cuenta|numero de cuenta|conto|bezeichnung auftragskonto|"
    "account iban|product|iban rekening|mon compte|accountnumber",
    Role.TEXT: "payment reference|vrije mededeling|gestructureerde mededeling|mededeling|zahlungsgrund|"
    "notes and tags|transaction memo|verwendungszweck|beschreibung|omschrijving|mededelingen|omschrijving 1|"
    "omschrijving 2|omschrijving 3|description|memo|reference|details|narrative|libelle|libelle operation|detail|"
    "communication|communications|concepto|descripcion|observaciones|descrizione|descricao|historico|tytul|tytulem|"
    "opis|opis operacji|opis transakcji|poznamka|zprava|zprava pro prijemce|text|beskrivelse|tekst|meddelande|"
    "melding|viesti|selite|notes|note|additional information|transaction description|remittance information|"
    "omschrijvingen|motivo|extended details|buchungsdetails|transaction details|particulars|bemerkung|buchungstext",
}  # fmt: skip
_BY_NAME: dict[str, list[tuple[Role, int]]] = {}
for _role, _names in _NAMES.items():
    for _rank, _name in enumerate(dict.fromkeys(_names.split("|"))):
        _BY_NAME.setdefault(_name, []).append((_role, _rank))
_NOT_WORD = re.compile(r"[\W_]+")
_LONGEST = 60
_ONLY_BEGINS = 100
_OF_A_BANK = frozenset({"blz", "bic", "konto", "kontonummer", "iban", "account", "rekening", "swift"})


def folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    return _NOT_WORD.sub(" ", "".join(sign for sign in plain if not unicodedata.combining(sign))).strip()


_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae"})


def known(name: str) -> list[tuple[Role, int]]:
    """What a column of this name can be, and how definite the name is for it (0 the most); empty where it says nothing.

    A name that only begins so says less, and nothing where it goes on to say that it is a number of a bank.
    """
    words = folded(name[:_LONGEST]).split()
    for length in range(len(words), 0, -1):
        found = _BY_NAME.get(" ".join(words[:length]))
        if found is not None and length == len(words):
            return found
        if found is not None and len(" ".join(words[:length])) > 2 and not _OF_A_BANK & set(words[length:]):
            return [(role, rank + _ONLY_BEGINS) for role, rank in found]
    return []
