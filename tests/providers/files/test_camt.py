"""camt.052, .053, .054: one entry is one row, whatever version it is written in and whoever wraps it."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from providers.errors import ContractBroken
from providers.files import camt, rows, xml
from providers.files.extract import Extract, Format
from providers.files.read import format_of, read
from providers.model import BalanceType, Identifier, Money, Scheme, Status
from tests.providers.files.specs import files

IBAN = "DE89370400440532013000"
OTHER = "DE02120300000000202051"


def entry(inner: str = "", *, amount: str = "12.50", sign: str = "DBIT", status: str = "<Sts>BOOK</Sts>") -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{status}'
        f"<BookgDt><Dt>2024-03-15</Dt></BookgDt><ValDt><Dt>2024-03-16</Dt></ValDt>{inner}</Ntry>"
    )


def statement(*entries: str, balances: str = "", account: str = f"<Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy>") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr/>'
        f"<Stmt><Id>1</Id><Acct>{account}</Acct>{balances}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def only(raw: bytes) -> Extract:
    (found,) = camt.read(raw).extracts
    return found


def balance(kind: str, amount: str, sign: str = "CRDT", day: str = "2024-03-15") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
        f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def payment(inner: str) -> str:
    return f"<NtryDtls><TxDtls>{inner}</TxDtls></NtryDtls>"


@pytest.mark.parametrize("path", files("iso20022/samples", "*camt*.xml"))
def test_published_samples_are_read_whole(path: Path) -> None:
    raw = path.read_bytes()
    assert format_of(raw) is Format.CAMT
    found = camt.read(raw)
    assert found.version.startswith("camt.05")
    if b"{{" in raw:
        pytest.skip("a template, without values")
    rows = [row for one in found.extracts for row in one.transactions]
    assert len(rows) == raw.count(b"<Ntry>")
    assert not [one for extract in found.extracts for one in extract.rejected]
    assert all(row.raw.startswith(b"<Ntry>") and row.raw.endswith(b"</Ntry>") for row in rows)


def test_a_booking_of_one_payment_says_everything() -> None:
    found = only(
        statement(
            entry(
                "<AcctSvcrRef>BANK-1</AcctSvcrRef>"
                "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RDDT</Cd><SubFmlyCd>ESDD</SubFmlyCd></Fmly></Domn>"
                "<Prtry><Cd>NDDT+105</Cd></Prtry></BkTxCd>"
                + payment(
                    "<Refs><EndToEndId>E-1</EndToEndId><MndtId>M-1</MndtId></Refs>"
                    '<AmtDtls><InstdAmt><Amt Ccy="USD">13.75</Amt><CcyXchg><SrcCcy>USD</SrcCcy><TrgtCcy>EUR</TrgtCcy>'
                    "<UnitCcy>EUR</UnitCcy><XchgRate>1.1</XchgRate></CcyXchg></InstdAmt></AmtDtls>"
                    '<Chrgs><Rcrd><Amt Ccy="EUR">0.50</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>'
                    f"<RltdPties><Dbtr><Pty><Nm>Alice</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>{IBAN}</IBAN></Id></DbtrAcct>"
                    "<Cdtr><Pty><Nm>Payment Service</Nm></Pty></Cdtr>"
                    f"<CdtrAcct><Id><IBAN>{OTHER}</IBAN></Id></CdtrAcct>"
                    "<UltmtCdtr><Pty><Nm>The Shop</Nm></Pty></UltmtCdtr></RltdPties>"
                    "<RltdAgts><CdtrAgt><FinInstnId><BICFI>BYLADEM1001</BICFI></FinInstnId></CdtrAgt></RltdAgts>"
                    "<Purp><Cd>GDDS</Cd></Purp>"
                    "<RmtInf><Ustrd>Order 4711</Ustrd></RmtInf>"
                )
            )
        )
    )
    (row,) = found.transactions
    assert (row.money, row.status) == (Money(Decimal("-12.50"), "EUR"), Status.BOOKED)
    assert (row.booking_date, row.value_date) == (date(2024, 3, 15), date(2024, 3, 16))
    assert row.counterparty.name == "Payment Service"
    assert row.counterparty.account == Identifier(Scheme.IBAN, OTHER)
    assert row.counterparty.agent == "BYLADEM1001"
    assert row.remittance == ("Order 4711",)
    assert row.bank_ids == {"accountServicerReference": "BANK-1", "endToEndId": "E-1", "mandateId": "M-1"}
    assert (row.bank_transaction_code, row.proprietary_code) == ("PMNT-RDDT-ESDD", "NDDT+105")
    details = row.details
    assert details.ultimate is not None
    assert details.ultimate.name == "The Shop"
    assert details.purpose == "GDDS"
    assert details.charges == Money(Decimal("-0.50"), "EUR")
    assert details.exchange is not None
    assert details.exchange.instructed == Money(Decimal("-13.75"), "USD")
    assert details.exchange.rate == Decimal("1.1")
    assert found.account.identifiers == (Identifier(Scheme.IBAN, IBAN),)


@pytest.mark.parametrize("version", ["02", "04", "06", "08", "12", "14"])
@pytest.mark.parametrize("prefix", ["", "ns2:"])
def test_every_version_and_any_prefix_is_the_same_row(version: str, prefix: str) -> None:
    old = version < "08"
    status = "<Sts>BOOK</Sts>" if old else "<Sts><Cd>BOOK</Cd></Sts>"
    party = "<Nm>Shop</Nm>" if old else "<Pty><Nm>Shop</Nm></Pty>"
    raw = statement(entry(payment(f"<RltdPties><Cdtr>{party}</Cdtr></RltdPties>"), status=status)).decode()
    raw = raw.replace("camt.053.001.08", f"camt.053.001.{version}")
    raw = re.sub(r"<(/?)(?=[A-Z])", rf"<\1{prefix}", raw)
    raw = raw.replace("xmlns=", "xmlns:ns2=") if prefix else raw
    (row,) = only(raw.encode()).transactions
    assert (row.counterparty.name, row.money.number) == ("Shop", Decimal("-12.50"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_a_file_is_read_in_the_encoding_that_it_names(encoding: str) -> None:
    raw = statement(entry(payment("<RltdPties><Cdtr><Nm>Bäckerei</Nm></Cdtr></RltdPties>"))).decode()
    raw = raw.replace('encoding="UTF-8"', f'encoding="{encoding}"')
    (row,) = only(raw.encode(encoding)).transactions
    assert row.counterparty.name == "Bäckerei"


def test_a_batch_is_one_row_that_tells_of_its_payments() -> None:
    def of(name: str, amount: str) -> str:
        money = f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>'
        return f"<TxDtls>{money}<RltdPties><Cdtr><Nm>{name}</Nm></Cdtr></RltdPties></TxDtls>"

    (row,) = only(statement(entry(f"<NtryDtls>{of('A', '5.00')}{of('B', '7.50')}</NtryDtls>"))).transactions
    assert row.money.number == Decimal("-12.50")
    assert row.details.batch_size == 2
    assert row.counterparty.name is None
    assert row.remittance == ("A · 5.00 EUR", "B · 7.50 EUR")


def test_a_returned_payment_names_the_other_side_and_not_the_holder() -> None:
    parties = "<RltdPties><Dbtr><Nm>Alice Moro</Nm></Dbtr><Cdtr><Nm>Closed Shop</Nm></Cdtr></RltdPties>"
    (row,) = only(
        statement(entry(payment(f"{parties}<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"), sign="CRDT"))
    ).transactions
    assert row.counterparty.name == "Closed Shop"
    (row,) = only(statement(entry(f"<RvslInd>true</RvslInd>{payment(parties)}", sign="CRDT"))).transactions
    assert row.counterparty.name == "Closed Shop"
    assert row.details.is_reversal
    assert row.money.number == Decimal("12.50")


def test_the_holders_own_account_is_never_the_other_side() -> None:
    parties = f"<RltdPties><Cdtr><Nm>Alice</Nm></Cdtr><CdtrAcct><Id><IBAN>{IBAN}</IBAN></Id></CdtrAcct></RltdPties>"
    (row,) = only(statement(entry(payment(parties)))).transactions
    assert row.counterparty.name is None


def test_a_counter_is_no_id() -> None:
    rows = only(statement(entry("<NtryRef>1</NtryRef>"), entry("<NtryRef>2024031500001</NtryRef>"))).transactions
    assert [dict(row.bank_ids) for row in rows] == [{}, {"entryReference": "2024031500001"}]


def test_every_kind_of_balance_keeps_its_kind_and_its_day() -> None:
    kinds = ("OPBD", "PRCD", "OPAV", "CLBD", "CLAV", "FWAV", "INFO", "ITAV", "ITBD", "XPCD")
    given = "".join(balance(kind, "1.00", "DBIT" if kind == "CLBD" else "CRDT") for kind in kinds)
    found = only(statement(balances=given + balance("SPECIAL", "2.00"))).balances
    assert [one.type.value for one in found] == [*kinds, "OTHR"]
    assert found[3].money == Money(Decimal("-1.00"), "EUR")
    assert found[-1].source_label == "SPECIAL"
    assert all(one.as_of is not None and one.as_of.date() == date(2024, 3, 15) for one in found)


def test_a_statement_that_adds_up_says_so_and_one_that_does_not_says_that() -> None:
    ends = balance("OPBD", "100.00") + balance("CLBD", "87.50")
    assert only(statement(entry(), balances=ends)).adds_up is True
    assert only(statement(balances=ends)).adds_up is False
    assert only(statement(entry())).adds_up is None
    broken = entry(amount="12,50")
    assert only(statement(broken, balances=ends)).adds_up is False


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (entry(amount="12,50"), "Amt is not an amount"),
        (entry(amount="NaN"), "Amt is not an amount"),
        (entry(amount="-1.00"), "Amt is not an amount"),
        (entry(sign="CREDIT"), "CdtDbtInd is neither CRDT nor DBIT"),
        (entry(status="<Sts>MAYBE</Sts>"), "Sts is not an entry status"),
        (entry().replace("EUR", "EURO"), "Ntry/Amt.currency is not a currency code"),
        ("<Ntry/>", "CdtDbtInd is neither CRDT nor DBIT"),
    ],
)
def test_a_broken_entry_costs_itself_alone(broken: str, reason: str) -> None:
    found = only(statement(entry(), broken, entry()))
    assert len(found.transactions) == 2
    assert [one.reason for one in found.rejected] == [reason]


def test_what_is_only_announced_is_pending_in_a_report_and_booked_in_a_statement() -> None:
    raw = statement(entry(status="")).replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt").replace(b"Stmt>", b"Rpt>")
    assert only(raw).transactions[0].status is Status.PENDING
    assert only(statement(entry(status=""))).transactions[0].status is Status.BOOKED


def test_an_envelope_around_the_report_is_passed_over() -> None:
    raw = statement(entry()).replace(b'<?xml version="1.0" encoding="UTF-8"?>', b"")
    wrapped = b"<Envelope><Body><AppHdr/>" + raw + b"</Body></Envelope>"
    assert len(only(wrapped).transactions) == 1


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b'<Document xmlns="camt.053.001.08"><BkToCstmrStmt>&c;</BkToCstmrStmt></Document>'
)
OUTSIDE = (
    b'<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b'<Document xmlns="camt.053.001.08"><BkToCstmrStmt><Stmt>&a;</Stmt></BkToCstmrStmt></Document>'
)
DTD = b'<!DOCTYPE Document SYSTEM "http://127.0.0.1:1/x.dtd"><Document xmlns="camt.053.001.08"><Stmt/></Document>'


@pytest.mark.parametrize("raw", [BOMB, OUTSIDE, DTD], ids=["billion laughs", "a file", "a document type elsewhere"])
def test_a_document_type_is_refused_before_it_is_read(raw: bytes) -> None:
    with pytest.raises(ContractBroken, match="document type"):
        read(raw)


@pytest.mark.parametrize("depth", [xml.MAX_DEPTH + 1, 200_000])
def test_depth_is_bounded(depth: int) -> None:
    raw = b'<Document xmlns="camt.053.001.08"><BkToCstmrStmt>' + b"<a>" * depth + b"</a>" * depth
    with pytest.raises(ContractBroken, match="deeper"):
        read(raw + b"</BkToCstmrStmt></Document>")


def test_the_number_of_elements_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "MAX_ELEMENTS", 1000)
    with pytest.raises(ContractBroken, match="more elements"):
        read(statement(*[entry() for _ in range(200)]))


@pytest.mark.parametrize(
    "raw",
    [
        statement(entry())[:-40],
        statement(entry()).replace(b"<Amt", b"<Amt <"),
        statement(entry()).replace(b"UTF-8", b"KLINGON"),
        statement(entry("<AddtlNtryInf>caf\xe9</AddtlNtryInf>")).decode().encode("latin-1"),
        b'<Document xmlns="camt.053.001.08"><BkToCstmrStmt></BkToCstmrStmt></Document>',
        b'<html xmlns="camt.053.001.08"><BkToCstmrStmt/></html>',
    ],
)
def test_what_is_no_well_formed_report_is_refused_politely(raw: bytes) -> None:
    with pytest.raises(ContractBroken) as caught:
        camt.read(raw)
    assert "Document" not in caught.value.reason


def test_large_statements_are_read_in_good_time() -> None:
    found = only(statement(*[entry(payment("<RmtInf><Ustrd>x</Ustrd></RmtInf>")) for _ in range(5000)]))
    assert len(found.transactions) == 5000


def test_a_balance_names_a_credit_line_that_it_counts_in() -> None:
    line = "<CdtLine><Incl>true</Incl><Amt Ccy='EUR'>500.00</Amt></CdtLine>"
    found = only(statement(balances=balance("CLBD", "1.00").replace("<Amt", f"{line}<Amt", 1))).balances[0]
    assert (found.type, found.credit_line_included) == (BalanceType.CLOSING_BOOKED, True)
    assert found.credit_limit == Money(Decimal("500.00"), "EUR")


def _many(element: bytes, count: int) -> bytes:
    return b"<Document><BkToCstmrStmt><Stmt>%b</Stmt></BkToCstmrStmt></Document>" % (element * count)


@pytest.mark.parametrize(
    ("module", "bound", "raw", "says"),
    [
        (xml, "MAX_HELD", _many(b"<Bal/>", 50), "more elements"),
        (rows, "MAX_ROWS", _many(b"<Ntry/></Stmt><Stmt>", 50), "rows"),
        (camt, "MAX_REPORTS", _many(b"</Stmt><Stmt>", 50), "statements"),
    ],
)
def test_a_small_file_that_would_cost_much_is_refused(
    monkeypatch: pytest.MonkeyPatch, module: object, bound: str, raw: bytes, says: str
) -> None:
    """Megabytes of tiny elements cost minutes and a gigabyte; the elements of rows that are done with do not count."""
    monkeypatch.setattr(module, bound, 40)
    with pytest.raises(ContractBroken, match=says):
        camt.read(raw)
    few = _many(b"<Ntry><a/><b/><c/></Ntry>", 30)
    assert len(camt.read(few).extracts[0].rejected) == 30
