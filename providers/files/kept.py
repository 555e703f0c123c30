"""A row that a file once held, read again by today's rules: from its bytes, its account and how its file was read."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import structs

from providers.errors import ContractBroken
from providers.files import camt, mt940, ofx, qif, table
from providers.files.extract import Format
from providers.files.reading import Reading
from providers.files.rows import read_row
from providers.model import Account, Status, Transaction
from providers.rows import BrokenRow
from providers.rules.engine import Engine
from providers.rules.told import Told
from providers.rules.version import SHARED

VERSION = 4  # of what reads files; stored beside what it made
NOT_KEPT = "how its file was written was not kept"


def name_of(format_: Format, reading: Reading) -> str:
    """ "csv r1.1 5d41ac9f02b3c4d5": the format, the versions of the code that reads it, the digest of the reading."""
    return f"{format_.value} r{VERSION}.{SHARED} {reading.digest}".rstrip()


@dataclass(frozen=True, slots=True)
class KeptRows:
    """providers.port.Rereads for the rows of one format that were read alike. ``reading`` None: it was not kept."""

    format: Format
    reading: Reading | None

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        """``account`` is the one in the ledger, its currency the file's or what the person said. Raises BrokenRow."""
        try:
            told = self._told(raw, status, account.currency or "XXX")
        except ContractBroken as error:
            raise BrokenRow(error.reason) from None
        return read_row(Engine(account=account), told)

    def _told(self, raw: bytes, status: Status, currency: str) -> Told:
        match self.format:
            case Format.CAMT:
                return camt.told(raw, status)
            case Format.MT940 | Format.MT942:
                return mt940.told(raw, currency, status)
            case Format.OFX:
                return ofx.told(raw, currency)
            case Format.QIF if self.reading and self.reading.order and self.reading.mark:
                return qif.told(raw, currency, self.reading.order, self.reading.mark)
            case Format.CSV if self.reading and (profile := self.reading.profile):
                return table.told(raw, structs.replace(profile, currency=profile.currency or currency))
        raise BrokenRow(NOT_KEPT)
