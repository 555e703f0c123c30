"""What kind of movement a row is: ISO 20022 bank transaction codes, from whatever a bank calls it. Pure.

The result is DOMAIN-FAMILY-SUBFAMILY with unknown parts empty (``PMNT-RCDT-ESCT``, ``PMNT-ICDT-``). A bank's own ISO
code is taken as it is, in any of the spellings that banks have for it; without one, the bank's own code is looked up in
the tables of codes that many banks share. A table gives the coarse kind and the direction of the money the rest: a
transfer is received or issued. What no table knows stays the bank's own code and nothing else.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from providers import text

# ISO 20022 BankTransactionCode: the domains, and the families of the payments domain (which alone say their domain).
_DOMAINS = frozenset({"PMNT", "CAMT", "ACMT", "DERV", "FORX", "LDAS", "PMET", "SECU", "TRAD", "XTND", "CMDT"})
_PAYMENT_FAMILIES = frozenset(
    {"RCDT", "ICDT", "RRCT", "IRCT", "RDDT", "IDDT", "RCHQ", "ICHQ", "CCRD", "MCRD", "DRFT", "LBOX", "CNTR", "ICCN"}
)
_ANY_DOMAIN_FAMILIES = frozenset({"MCOP", "MDOP"})

# Names of the ISO code set as UK Open Banking 3.1 writes them together (OBTransaction6.BankTransactionCode), singular
# or plural; version 4 sends the codes.
_FAMILY_NAMES = {
    "receivedcredittransfer": "RCDT",
    "issuedcredittransfer": "ICDT",
    "receivedrealtimecredittransfer": "RRCT",
    "issuedrealtimecredittransfer": "IRCT",
    "receiveddirectdebit": "RDDT",
    "issueddirectdebit": "IDDT",
    "receivedcheque": "RCHQ",
    "issuedcheque": "ICHQ",
    "customercardtransaction": "CCRD",
    "merchantcardtransaction": "MCRD",
    "draft": "DRFT",
    "lockbox": "LBOX",
    "countertransaction": "CNTR",
    "issuedcashconcentrationtransaction": "ICCN",
    "receivedcashconcentrationtransaction": "RCCN",
    "miscellaneouscreditoperation": "MCOP",
    "miscellaneousdebitoperation": "MDOP",
    "other": "OTHR",
    "notavailable": "NTAV",
}
_SUB_FAMILY_NAMES = {
    "domesticcredittransfer": "DMCT",
    "sepacredittransfer": "ESCT",
    "crossbordercredittransfer": "XBCT",
    "crossbordercredittransferwithcommercialdata": "XBCT",
    "internalbooktransfer": "BOOK",
    "internalaccounttransfer": "BOOK",
    "booktransfer": "BOOK",
    "payrollsalarypayment": "SALA",
    "payrollsalary": "SALA",
    "standingorder": "STDO",
    "automatictransfer": "AUTT",
    "prioritycredittransfer": "PRCT",
    "samedayvaluecredittransfer": "SDVA",
    "financialinstitutioncredittransfer": "FICT",
    "credittransferwithagreedcommercialinformation": "VCOM",
    "directdebitpayment": "PMDD",
    "directdebit": "PMDD",
    "domesticdirectdebit": "PMDD",
    "sepacoredirectdebit": "ESDD",
    "sepab2bdirectdebit": "BBDD",
    "reversalduetopaymentreversal": "PRDD",
    "reversalduetoreturnunpaiddirectdebit": "UPDD",
    "pointofsalepaymentdebitcard": "POSD",
    "pointofsalepaymentcreditcard": "POSC",
    "pointofsalepospaymentdebitcard": "POSD",
    "pointofsalepospaymentcreditcard": "POSC",
    "pointofsale": "POSD",
    "smartcardpayment": "SMRT",
    "cashwithdrawal": "CWDL",
    "cashdeposit": "CDPT",
    "crossbordercashwithdrawal": "XBCW",
    "chequedeposit": "CCHQ",
    "cheque": "CCHQ",
    "bankcheque": "BCHQ",
    "fees": "FEES",
    "charges": "CHRG",
    "commission": "COMM",
    "interest": "INTR",
    "taxes": "TAXE",
    "dividend": "DVCA",
    "foreignexchange": "FCDP",
    "adjustments": "ADJT",
    "return": "RRTN",
    "reversal": "RPCR",
    "other": "OTHR",
    "notavailable": "NTAV",
}

# A kind of movement: (code where money comes in, code where it goes out). standards.md 2.4, ISO 20022 BTC.
_KINDS = {
    "transfer": ("PMNT-RCDT-", "PMNT-ICDT-"),
    "sepa": ("PMNT-RCDT-ESCT", "PMNT-ICDT-ESCT"),
    "instant": ("PMNT-RRCT-", "PMNT-IRCT-"),
    "sepa_instant": ("PMNT-RRCT-ESCT", "PMNT-IRCT-ESCT"),
    "abroad": ("PMNT-RCDT-XBCT", "PMNT-ICDT-XBCT"),
    "domestic": ("PMNT-RCDT-DMCT", "PMNT-ICDT-DMCT"),
    "standing_order": ("PMNT-RCDT-STDO", "PMNT-ICDT-STDO"),
    "salary": ("PMNT-RCDT-SALA", "PMNT-ICDT-SALA"),
    "book": ("PMNT-RCDT-BOOK", "PMNT-ICDT-BOOK"),
    "returned_transfer": ("PMNT-ICDT-RRTN", "PMNT-RCDT-RRTN"),
    "direct_debit": ("PMNT-IDDT-", "PMNT-RDDT-"),
    "sepa_debit": ("PMNT-IDDT-ESDD", "PMNT-RDDT-ESDD"),
    "b2b_debit": ("PMNT-IDDT-BBDD", "PMNT-RDDT-BBDD"),
    "returned_debit": ("PMNT-RDDT-UPDD", "PMNT-IDDT-UPDD"),
    "card": ("PMNT-CCRD-POSD", "PMNT-CCRD-POSD"),
    "cash_machine": ("PMNT-CCRD-CDPT", "PMNT-CCRD-CWDL"),
    "cash": ("PMNT-CNTR-CDPT", "PMNT-CNTR-CWDL"),
    "cheque": ("PMNT-RCHQ-", "PMNT-ICHQ-"),
    "bill": ("PMNT-RCDT-", "PMNT-ICDT-"),
    "fees": ("PMNT-MCOP-FEES", "PMNT-MDOP-FEES"),
    "charges": ("PMNT-MCOP-CHRG", "PMNT-MDOP-CHRG"),
    "commission": ("PMNT-MCOP-COMM", "PMNT-MDOP-COMM"),
    "interest": ("ACMT-MCOP-INTR", "ACMT-MDOP-INTR"),
    "dividend": ("SECU-CORP-DVCA", "SECU-CORP-DVCA"),
    "securities": ("SECU--", "SECU--"),
    "exchange": ("FORX--", "FORX--"),
    "loan": ("LDAS--", "LDAS--"),
    "tax": ("PMNT-MCOP-TAXE", "PMNT-MDOP-TAXE"),
}


def _kinds(**lists: str) -> dict[str, str]:
    return {code: kind for kind, listed in lists.items() for code in listed.split()}


# German Geschäftsvorfallcodes (DK, DFÜ-Abkommen Anlage 3, mapping GVC to BTC); also the digits of NSTO+116+...
_GVC = _kinds(
    sepa="116 119 122 166 167 169 191 194 051 020 065 156 154 054 056",
    standing_order="117 152 008 052",
    salary="153 053",
    sepa_instant="118 168 157",
    returned_transfer="159 160",
    sepa_debit="105 107 171 192 193 005 071",
    b2b_debit="104 174 195 004",
    returned_debit="108 109 181 184 009",
    card="106 110 190",
    cash="082 083",
    cheque="001 002 011 070 101 170",
    abroad="201 202 206 210",
    dividend="302",
    securities="301 303 304 305 306 307 308 309 310 311 312 313 314 315 316 317 318 319 320 321 330 340",
    exchange="401 402 403 404 405 406 411 412 413 414 415 416 417 418 419 420 421 422 423 424",
    fees="808 804 807",
    charges="805 806 811",
    commission="809",
    interest="814",
    book="820",
)

# SWIFT MT940 field 61, transaction type (SWIFT Standards MT, category 9): the three letters after N, F or S
_SWIFT = _kinds(
    transfer="TRF CLR",
    direct_debit="DDT",
    standing_order="STO",
    salary="SAL",
    charges="CHG",
    commission="COM",
    interest="INT",
    dividend="DIV",
    cheque="CHK TCK",
    securities="SEC CAR CAS CPN RED SUB",
    exchange="FEX",
    loan="LDP",
    returned_debit="RTI",
    tax="TAX",
    cash_machine="ATM",
    card="POS",
)

# OFX 2.2 TRNTYPE (11.4.3.1)
_OFX = _kinds(
    interest="INT",
    dividend="DIV",
    fees="FEE",
    charges="SRVCHG",
    cash="DEP CASH",
    cash_machine="ATM",
    card="POS",
    book="XFER",
    cheque="CHECK",
    transfer="PAYMENT",
    salary="DIRECTDEP",
    direct_debit="DIRECTDEBIT",
    standing_order="REPEATPMT",
)

# Consumer Data Standards 1.36, BankingTransaction.type
_CDR = _kinds(
    direct_debit="DIRECT_DEBIT",
    fees="FEE",
    interest="INTEREST_CHARGED INTEREST_PAID",
    bill="PAYMENT",
    transfer="TRANSFER_INCOMING TRANSFER_OUTGOING",
)

# Open Finance Brasil accounts 2.4.2, EnumTransactionTypes
_BRAZIL = _kinds(
    instant="PIX",
    domestic="TED DOC",
    book="TRANSFERENCIA_MESMA_INSTITUICAO",
    bill="BOLETO CONVENIO_ARRECADACAO",
    fees="PACOTE_TARIFA_SERVICOS TARIFA_SERVICOS_AVULSOS",
    salary="FOLHA_PAGAMENTO PORTABILIDADE_SALARIO",
    cash="DEPOSITO SAQUE",
    card="CARTAO",
    interest="ENCARGOS_JUROS_CHEQUE_ESPECIAL RENDIMENTO_APLIC_FINANCEIRA",
    loan="OPERACAO_CREDITO",
)

# Letters on British statements (Lloyds and HSBC groups, NatWest, Nationwide)
_BRITISH = _kinds(
    direct_debit="DD D/D DDR",
    standing_order="SO S/O STO",
    instant="FPI FPO FP MPI MPO",
    domestic="BGC BACS BAC",
    bill="BP OBP",
    book="TFR IAT",
    card="DEB VIS POS CPM",
    cash_machine="CPT ATM C/L",
    cash="DEP CSH",
    cheque="CHQ",
    fees="FEE",
    charges="CHG",
    interest="INT",
    salary="SAL",
    abroad="SWIFT IPT",
    dividend="DIV",
)

# PolishAPI 2.1.2 leaves transactionType to the banks; these and the words below are what several of them write.
_WORDS = _kinds(
    transfer="transfer payment przelew przelewprzychodzący przelewwychodzący überweisung gutschrift overboeking"
    " gutschriftüberweisung virement bonifico transferencia credittransfer p2p bizum",
    sepa="sepacredittransfer virementsepa sepaüberweisung",
    sepa_debit="sepadirectdebit",
    instant="instantpayment przelewekspresowy echtzeitüberweisung virementinstantané bonificoistantaneo",
    abroad="auslandsüberweisung przelewzagraniczny internationaltransfer",
    standing_order="dauerauftrag dauerauftragterminueberweisung standingorder zleceniestałe virementpermanent",
    salary="gehaltrente lohngehalt gehalt salary wynagrodzenie salaire stipendio",
    direct_debit="lastschrift lastschrifteinzug sepabasislastschrift directdebit poleceniezapłaty domiciliation"
    " incasso prélèvement prlv addebitosdd domiciliacion recibo",
    card="cardpayment kartenzahlung girocard płatnośćkartą transakcjakartą betaalautomaat paiementparcarte crd card"
    " purchase kartenumsatz kortköp dankortkøb kortkøb varekjøp pagamentopos zakupprzyużyciukarty korttimaksu"
    " korttiosto compratarjeta pagotarjeta",
    cash_machine="bargeldauszahlung wypłatazbankomatu geldautomaat retraitdab prelievo atm cashwithdrawal auszahlung",
    cash="einzahlung bareinzahlung wpłata storting cashdeposit",
    fees="entgelt gebühren opłata prowizja kosten frais fee commissioni",
    interest="zinsen odsetki rente intérêts interest interessi",
    dividend="zinsdividendewp dividende dividend",
    cheque="scheck cheque chèque",
    exchange="currencyexchange exchange wymianawalut",
)

_ISO = re.compile(r"[A-Z]{4}(?:[A-Z]{4}){1,2}", re.ASCII)
_PART = re.compile(r"[A-Z0-9]{4}", re.ASCII)
_SEPARATORS = re.compile(r"[-/.\s_+:|,]+")
_SWIFT_CODE = re.compile(r"[NFS]([A-Z]{3})", re.ASCII)
_SWIFT_WITH_GVC = re.compile(r"(?:[NFS][A-Z]{3}\+)?([0-9]{3})(?:\+.{0,40})?", re.ASCII)
_NOT_ALNUM = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Codes:
    """``iso`` and the bank's own code. ``rule`` names the table that ``iso`` was taken from, "" for the bank's own ISO
    code; ``from_code`` whether it came from the field of the ISO code."""

    iso: str | None
    proprietary: str | None
    rule: str = ""
    from_code: bool = True


@lru_cache(maxsize=4096)
def codes(code: str | None, proprietary: str | None, *, is_credit: bool, country: str = "") -> Codes:
    """``code`` is what stands in the field of the ISO code (or its parts joined by ``-``), ``proprietary`` the bank's
    own. ``country`` (ISO 3166-1 alpha-2, "" if not known) is the account's: three digits are a German code only there.
    """
    given, own = text.meaningful(code), text.meaningful(proprietary)
    if given is not None and (iso := iso_code(given)) is not None:
        return Codes(iso, own)
    for candidate, from_code in ((own, False), (given, True)):
        if candidate is not None:
            kind, table = _looked_up(candidate, country)
            if kind:
                return Codes(_KINDS[kind][0 if is_credit else 1], own or given, table, from_code)
    return Codes(None, own or given)


def iso_code(given: str) -> str | None:
    """The three-part code in any spelling: joined by other signs or by none, domain left out, names for codes."""
    upper = given.strip().upper()
    pieces = [upper[at : at + 4] for at in range(0, len(upper), 4)] if _ISO.fullmatch(upper) else None
    parts = pieces if pieces and (pieces[0] in _DOMAINS or pieces[0] in _PAYMENT_FAMILIES) else None
    if parts is None:
        parts = [part for part in _SEPARATORS.split(given.strip()) if part]
    if parts and parts[0].upper() in _DOMAINS:
        domain, parts = parts[0].upper(), parts[1:]
    else:
        domain = ""
    family = _named(parts[0], _FAMILY_NAMES) if parts else ""
    sub_family = _named(parts[1], _SUB_FAMILY_NAMES) if len(parts) > 1 else ""
    if not domain:
        if family in _PAYMENT_FAMILIES:
            domain = "PMNT"
        elif family not in _ANY_DOMAIN_FAMILIES or not sub_family:
            return None
    return f"{domain}-{family}-{sub_family}"


def _named(part: str, names: dict[str, str]) -> str:
    if _PART.fullmatch(part.upper()):
        return part.upper()
    key = _NOT_ALNUM.sub("", part.lower())
    return names.get(key) or names.get(key.removesuffix("s"), "")


def _looked_up(code: str, country: str) -> tuple[str | None, str]:
    """(kind, name of the table); None where no table knows the code."""
    upper = code.upper()
    digits = _SWIFT_WITH_GVC.fullmatch(upper)
    if digits is not None and country in ("DE", "") and (kind := _GVC.get(digits[1])):
        return kind, "german_gvc"
    swift = _SWIFT_CODE.match(upper)
    if swift is not None and (len(upper) == 4 or upper[4] in "+ /-") and (kind := _SWIFT.get(swift[1])):
        return kind, "swift_type"
    for table, name in ((_OFX, "ofx_trntype"), (_CDR, "cdr_type"), (_BRAZIL, "br_type"), (_BRITISH, "uk_letters")):
        if kind := table.get(upper):
            return kind, name
    kind = _WORDS.get(_NOT_ALNUM.sub("", code.lower()))
    return kind, "words"
