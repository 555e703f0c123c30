"""What each bank writes of its own accord: on rows of its own making, and around the texts of others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sandbox.people import BankName


@dataclass(frozen=True, slots=True)
class Words:
    """``pending`` and ``settled`` turn the text of a row that was pending for a while into the bank's two readings."""

    name: str
    brought_forward: str
    fee_abroad: str
    interest: str
    card_paid: str
    card_thanks: str
    pending: Callable[[str], str]
    settled: Callable[[str, date], str]


WORDS = {
    BankName.ALBION: Words(
        "Albion Bank",
        "BALANCE BROUGHT FORWARD",
        "NON-STERLING TRANSACTION FEE",
        "GROSS INTEREST",
        "ALBION PLATINUM CARD - FULL BALANCE",
        "PAYMENT RECEIVED - THANK YOU",
        lambda text: f"PENDING: {text}",
        lambda text, on: f"{text} ON {on:%d %b} CPM".upper(),
    ),
    BankName.CAMBRIA: Words(
        "Cambria Bank",
        "BALANCE BROUGHT FORWARD",
        "FOREIGN CURRENCY FEE",
        "INTEREST PAID",
        "CARD BALANCE",
        "THANK YOU",
        lambda text: f"PENDING {text}",
        lambda text, on: f"{text} {on:%d/%m/%y}",
    ),
    BankName.LORELEI: Words(
        "Lorelei Bank",
        "SALDOVORTRAG",
        "AUSLANDSEINSATZENTGELT",
        "HABENZINSEN",
        "KARTENABRECHNUNG",
        "AUSGLEICH KARTENKONTO",
        lambda text: f"VORGEMERKT {text}",
        lambda text, on: f"{text} VOM {on:%d.%m.}",
    ),
    BankName.MELUSINE: Words(
        "Banque Mélusine",
        "REPORT A NOUVEAU",
        "COMMISSION PAIEMENT HORS ZONE EURO",
        "INTERETS CREDITEURS",
        "RELEVE DIFFERE CARTE 6655",
        "REGLEMENT RELEVE DIFFERE",
        lambda text: f"EN COURS {text}",
        lambda text, on: f"CARTE {on:%d/%m/%y} {text} CB*6655",
    ),
    BankName.BUNYIP: Words(
        "Bunyip Bank",
        "OPENING BALANCE",
        "INTERNATIONAL TRANSACTION FEE",
        "CREDIT INTEREST",
        "CREDIT CARD AUTOPAY",
        "PAYMENT RECEIVED, THANK YOU",
        lambda text: f"PENDING - {text}",
        lambda text, on: f"{text} Card xx1234 Value Date: {on:%d/%m/%Y}",
    ),
    BankName.IARA: Words(
        "Banco Iara",
        "SALDO ANTERIOR",
        "IOF COMPRA INTERNACIONAL",
        "RENDIMENTO POUPANCA",
        "PAGAMENTO FATURA CARTAO",
        "PAGAMENTO RECEBIDO",
        lambda text: f"EM PROCESSAMENTO {text}",
        lambda text, on: f"COMPRA CARTAO {on:%d/%m} {text}",
    ),
}
