"""Lorelei's account report as camt.052.001.08: the same rows as in JSON, in the words of ISO 20022. Pure.

Amounts are without a sign beside CdtDbtInd; what is pending stands in the same report, by its status.
"""

from collections.abc import Iterable
from datetime import date
from xml.sax.saxutils import escape

from sandbox.berlin.wire import CODES, WORDS
from sandbox.book import Entry
from sandbox.people import Account
from sandbox.rows import Kind, Row

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.052.001.08"


def report(account: Account, entries: Iterable[Entry], today: date) -> bytes:
    rows = "".join(_entry(account, one) for one in entries)
    head = f"<MsgId>LO{today:%Y%m%d}</MsgId><CreDtTm>{today.isoformat()}T00:00:00</CreDtTm>"
    holder = f"<Id><IBAN>{account.iban}</IBAN></Id><Ccy>{account.currency}</Ccy>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="{NAMESPACE}"><BkToCstmrAcctRpt><GrpHdr>{head}</GrpHdr>'
        f"<Rpt><Id>1</Id><Acct>{holder}</Acct>{rows}</Rpt></BkToCstmrAcctRpt></Document>"
    ).encode()


def _entry(account: Account, entry: Entry) -> str:
    row = entry.row
    domain, family, sub = CODES[row.kind].split("-")
    booked = f"<BookgDt><Dt>{entry.booked_on.isoformat()}</Dt></BookgDt>" if entry.booked_on else ""
    own_id = "" if row.twin else f"LO{entry.entry_id}".upper()
    return (
        "<Ntry>"
        + (f"<NtryRef>{own_id}</NtryRef>" if own_id and row.kind is Kind.CASH else "")
        + f'<Amt Ccy="{account.currency}">{abs(row.amount):.2f}</Amt>'
        f"<CdtDbtInd>{'DBIT' if row.amount < 0 else 'CRDT'}</CdtDbtInd>"
        f"<Sts><Cd>{'BOOK' if entry.booked_on else 'PDNG'}</Cd></Sts>"
        f"{booked}<ValDt><Dt>{row.on.isoformat()}</Dt></ValDt>"
        f"<BkTxCd><Domn><Cd>{domain}</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly></Domn>"
        f"<Prtry><Cd>{escape(WORDS[row.kind])}</Cd></Prtry></BkTxCd>"
        f"<NtryDtls><TxDtls>{_payment(row, entry, own_id)}</TxDtls></NtryDtls></Ntry>"
    )


def _payment(row: Row, entry: Entry, own_id: str) -> str:
    refs = {"EndToEndId": row.end_to_end_id, "TxId": "" if row.kind is Kind.CASH else own_id, "MndtId": row.mandate_id}
    told = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in refs.items() if value)
    side = "Cdtr" if row.amount < 0 else "Dbtr"
    account = f"<Id><IBAN>{row.counterparty_iban}</IBAN></Id>" if row.counterparty_iban else ""
    party = f"<{side}><Pty><Nm>{escape(row.counterparty[:70])}</Nm></Pty></{side}>"
    party += f"<{side}Acct>{account}</{side}Acct>" if account else ""
    words = f"<RmtInf><Ustrd>{escape(entry.text)}</Ustrd></RmtInf>" if entry.text else ""
    return f"<Refs>{told}</Refs><RltdPties>{party}</RltdPties>{words}"
