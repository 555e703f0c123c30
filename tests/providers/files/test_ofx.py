"""OFX: SGML with leaves left open, XML with everything closed, and what banks write in between."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from providers.errors import ContractBroken
from providers.files import ofx, ofx_tree
from providers.files.extract import Extract, Format
from providers.files.read import format_of, read
from providers.model import AccountType, BalanceType, Identifier, Money, Scheme, Status, Transaction

HEADER = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\r\n"
ACCOUNT = "<BANKACCTFROM><BANKID>37040044<ACCTID>0532013000<ACCTTYPE>SAVINGS</BANKACCTFROM>"
ROW = "<TRNTYPE>DEBIT<DTPOSTED>20240315120000.000[+1:CET]<TRNAMT>-12.50<FITID>F-1<NAME>Shop<MEMO>Order 4711"


def sgml(rows: str, *, header: str = HEADER, account: str = ACCOUNT, more: str = "", kind: str = "") -> bytes:
    holder = f"{kind}STMTRS"
    return (
        f"{header}<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS></SONRS></SIGNONMSGSRSV1>"
        f"<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0</STATUS><{holder}><CURDEF>EUR{account}"
        f"<BANKTRANLIST><DTSTART>20240301<DTEND>20240331{rows}</BANKTRANLIST>{more}</{holder}></STMTTRNRS></BANKMSGSRSV1></OFX>"
    ).encode("cp1252")


def only(raw: bytes) -> Extract:
    assert format_of(raw) is Format.OFX
    (found,) = ofx.read(raw).extracts
    return found


def row(text: str) -> Transaction:
    (found,) = only(sgml(f"<STMTTRN>{text}</STMTTRN>")).transactions
    return found


def closed(text: str) -> str:
    """The same as version 2 writes it."""
    parts = [part.partition(">") for part in text.split("<")[1:]]
    return "".join(f"<{name}>{value}</{name}>" for name, _, value in parts)


def test_a_row_says_everything() -> None:
    found = only(sgml(f"<STMTTRN>{ROW}<CHECKNUM>77<SIC>5812</STMTTRN>"))
    (one,) = found.transactions
    assert (one.money, one.status) == (Money(Decimal("-12.50"), "EUR"), Status.BOOKED)
    assert (one.booking_date, one.transaction_datetime) == (date(2024, 3, 15), None)
    assert (one.counterparty.name, one.remittance) == ("Shop", ("Order 4711",))
    assert one.bank_ids == {"transactionId": "F-1", "checkId": "77"}
    assert (one.proprietary_code, one.merchant_category_code) == ("DEBIT", "5812")
    assert found.account.identifiers == (Identifier(Scheme.BBAN, "37040044/0532013000"),)
    assert (found.account.type, found.account.currency) == (AccountType.SAVINGS, "EUR")
    assert found.period == (date(2024, 3, 1), date(2024, 3, 31))
    assert one.raw == f"<STMTTRN>{ROW}<CHECKNUM>77<SIC>5812</STMTTRN>".encode()


def test_version_2_says_the_same() -> None:
    header = '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE"?>\n'
    account = f"<BANKACCTFROM>{closed('<BANKID>37040044<ACCTID>0532013000<ACCTTYPE>SAVINGS')}</BANKACCTFROM>"
    raw = sgml(f"<STMTTRN>{closed(ROW)}</STMTTRN>", header=header, account=account)
    assert ofx.read(raw).version == "211"
    new, old = only(raw), only(sgml(f"<STMTTRN>{ROW}</STMTTRN>"))
    assert new.account == old.account
    assert [(one.money, one.counterparty, one.remittance) for one in new.transactions] == [
        (one.money, one.counterparty, one.remittance) for one in old.transactions
    ]


@pytest.mark.parametrize(
    "untidy",
    [
        ROW.replace("<", "\r\n  <"),
        ROW.replace("<NAME>Shop", "<NAME>Shop</NAME>"),
        ROW.lower().replace("shop", "Shop").replace("order", "Order").replace("f-1", "F-1"),
        ROW.replace("<MEMO>", "<EXTDNAME><MEMO>"),
        ROW.replace("Shop", "<![CDATA[Shop]]>"),
        ROW + "<BANK.SPECIAL>x",
        ROW.replace("-12.50", " -12,50 "),
    ],
)
def test_what_banks_write_in_between_is_the_same_row(untidy: str) -> None:
    found = row(untidy)
    assert (found.money.number, found.counterparty.name, found.remittance) == (
        Decimal("-12.50"),
        "Shop",
        ("Order 4711",),
    )


def test_a_kind_that_the_standard_does_not_know_is_kept() -> None:
    assert row(ROW.replace("DEBIT", "FEES")).proprietary_code == "FEES"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (sgml(f"<STMTTRN>{ROW.replace('Shop', 'Café & Bär')}</STMTTRN>"), "Café & Bär"),
        (sgml(f"<STMTTRN>{ROW.replace('Shop', 'A &amp; B &lt;C&gt;')}</STMTTRN>"), "A & B <C>"),
        (sgml(f"<STMTTRN>{ROW.replace('Shop', 'Café')}</STMTTRN>").decode("cp1252").encode(), "Café"),
    ],
)
def test_letters_and_entities_come_out_as_they_were_meant(raw: bytes, name: str) -> None:
    assert only(raw).transactions[0].counterparty.name == name


def test_a_moment_is_kept_and_noon_is_only_a_day() -> None:
    assert row(ROW + "<DTUSER>20240314183045[-5:EST]").transaction_datetime == datetime(
        2024, 3, 14, 23, 30, 45, tzinfo=UTC
    )
    assert row(ROW + "<DTUSER>20240314120000").transaction_datetime is None
    assert row(ROW + "<DTAVAIL>20240316").value_date == date(2024, 3, 16)


def test_another_currency_is_the_rows_own_or_where_it_was_converted_from() -> None:
    assert row(ROW + "<CURRENCY><CURRATE>1.1<CURSYM>USD</CURRENCY>").money == Money(Decimal("-12.50"), "USD")
    exchange = row(ROW + "<ORIGCURRENCY><CURRATE>0.9<CURSYM>USD</ORIGCURRENCY>").details.exchange
    assert exchange is not None
    assert (exchange.source_currency, exchange.rate) == ("USD", Decimal("0.9"))


def test_balances_keep_their_kind_and_their_day() -> None:
    more = "<LEDGERBAL><BALAMT>-5.10<DTASOF>20240331</LEDGERBAL><AVAILBAL><BALAMT>94.90<DTASOF>20240331</AVAILBAL>"
    found = only(sgml("", more=more)).balances
    assert [(one.type, one.money.number) for one in found] == [
        (BalanceType.CLOSING_BOOKED, Decimal("-5.10")),
        (BalanceType.INTERIM_AVAILABLE, Decimal("94.90")),
    ]
    assert found[0].as_of == datetime(2024, 3, 31, tzinfo=UTC)


def test_a_card_statement_shows_no_card_number() -> None:
    found = only(sgml("", account="<CCACCTFROM><ACCTID>5500000000000004</CCACCTFROM>", kind="CC"))
    assert found.account.type is AccountType.CARD
    assert found.account.identifiers == (Identifier(Scheme.MASKED_PAN, "************0004"),)


def test_a_file_of_several_accounts_is_several_extracts() -> None:
    one = sgml(f"<STMTTRN>{ROW}</STMTTRN>").decode("cp1252")
    second = one[one.index("<STMTTRNRS>") : one.index("</BANKMSGSRSV1>")].replace("0532013000", "0532013001")
    raw = one.replace("</BANKMSGSRSV1>", f"{second}</BANKMSGSRSV1>").encode()
    assert [one.account.identifiers[0].value[-1] for one in ofx.read(raw).extracts] == ["0", "1"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (ROW.replace("-12.50", "twelve"), "TRNAMT is not an amount"),
        (ROW.replace("-12.50", ""), "TRNAMT is not an amount"),
        (ROW.replace("20240315", "20241315"), "DTPOSTED is not a day of the calendar"),
        (ROW.replace("20240315120000.000[+1:CET]", ""), "DTPOSTED is not a date"),
    ],
)
def test_a_broken_row_costs_itself_alone(broken: str, reason: str) -> None:
    found = only(sgml(f"<STMTTRN>{ROW}</STMTTRN><STMTTRN>{broken}</STMTTRN><STMTTRN>{ROW}</STMTTRN>"))
    assert len(found.transactions) == 2
    assert [one.reason for one in found.rejected] == [reason]


def test_a_row_that_was_never_closed_ends_where_the_next_begins_to_close() -> None:
    found = only(sgml(f"<STMTTRN>{ROW}</STMTTRN><STMTTRN>{ROW}"))
    assert len(found.transactions) == 2


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (
            (
                HEADER + "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>15500</STATUS></SONRS></SIGNONMSGSRSV1></OFX>"
            ).encode(),
            "error",
        ),
        ((HEADER + "<OFX></OFX>").encode(), "without a statement"),
        ((HEADER + "<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS></OFX>").encode(), "investment"),
        ((HEADER + "<OFX>" + "<STMTRS>" * 100).encode(), "deeper"),
    ],
)
def test_what_is_no_statement_is_refused_politely(raw: bytes, says: str) -> None:
    with pytest.raises(ContractBroken, match=says):
        read(raw)


def test_entities_of_a_document_type_are_only_text() -> None:
    bomb = '<!DOCTYPE OFX [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    found = only(sgml(f"<STMTTRN>{ROW.replace('Shop', 'x &b; y')}</STMTTRN>", header=HEADER + bomb))
    assert found.transactions[0].counterparty.name == "x &b; y"


def test_the_number_of_elements_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ofx_tree, "MAX_ELEMENTS", 100)
    with pytest.raises(ContractBroken, match="more elements"):
        read(sgml(f"<STMTTRN>{ROW}</STMTTRN>" * 20))
