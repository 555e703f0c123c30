"""A zip of statements, as banks deliver a month of camt files: opened with bounds, or refused."""

import io
import zipfile
import zlib
from collections.abc import Iterator

from providers.errors import ContractBroken

MAX_FILES = 500
MAX_BYTES = 64 * 1024 * 1024  # of all files together, unpacked
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")  # of a file in it, and of an archive without one


def is_archive(raw: bytes) -> bool:
    return raw.startswith(_BEGINNINGS)


def files(raw: bytes) -> Iterator[bytes]:
    """Every file in it. What a file claims to unpack to is not believed: it is read until the bound, and no further."""
    left = MAX_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir() and not _is_litter(one.filename)]
            if len(entries) > MAX_FILES:
                raise ContractBroken(f"The archive holds more than {MAX_FILES} files.")
            for entry in entries:
                if entry.flag_bits & 1:
                    raise ContractBroken("The archive is encrypted; unpack it first.")
                with archive.open(entry) as opened:
                    held = opened.read(left + 1)
                left -= len(held)
                if left < 0:
                    raise ContractBroken("The archive unpacks to more than is read at once.")
                yield held
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError):
        raise ContractBroken("The archive cannot be unpacked; it may be cut off.") from None


def _is_litter(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")
