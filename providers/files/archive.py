"""A zip of statements, as banks deliver a month of camt files: opened with bounds, or refused.

Only what is stored or deflated is unpacked: zipfile asks no other method for a bounded piece, so that a kilobyte of
bzip2 or LZMA would fill the memory before the bound is looked at (and LZMA reserves the dictionary that it names).
Its directory is measured before it is read: an upload has room for a hundred thousand entries of nothing.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator

from providers.errors import ContractBroken

MAX_FILES = 500
_MAX_DIRECTORY_BYTES = 512 * MAX_FILES  # an entry takes 46 bytes, its name, and what packers add
MAX_BYTES = 64 * 1024 * 1024  # of all files together, unpacked
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")  # of a file in it, and of an archive without one
# What zipfile raises of bent bytes; IndexError for an entry without a name.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    IndexError,
)


class _Measured(io.BytesIO):
    """zipfile reads the directory in one piece, as long as the end of the archive says that it is (APPNOTE 4.3.16, or
    4.3.14 where it is zip64), and makes an object of every entry in it."""

    is_open = False

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.is_open and size is not None and size > _MAX_DIRECTORY_BYTES:
            raise _too_many()
        return super().read(size)


def is_archive(raw: bytes) -> bool:
    return raw.startswith(_BEGINNINGS)


def files(raw: bytes) -> Iterator[bytes]:
    """Every file in it. What a file claims to unpack to is not believed: it is read until the bound, and no further."""
    left = MAX_BYTES
    try:
        source = _Measured(raw)
        with zipfile.ZipFile(source) as archive:
            source.is_open = True
            entries = [one for one in archive.infolist() if not one.is_dir() and not _is_litter(one.filename)]
            if len(entries) > MAX_FILES:
                raise _too_many()
            for entry in entries:
                if entry.flag_bits & 1:
                    raise ContractBroken("The archive is encrypted; unpack it first.")
                if entry.compress_type not in _METHODS:
                    raise ContractBroken("The archive is packed in a rare way; pack it anew as an ordinary zip.")
                with archive.open(entry) as opened:
                    held = opened.read(left + 1)
                left -= len(held)
                if left < 0:
                    raise ContractBroken("The archive unpacks to more than is read at once.")
                yield held
    except _BROKEN:
        raise ContractBroken("The archive cannot be unpacked; it may be cut off.") from None


def _too_many() -> ContractBroken:
    return ContractBroken(f"The archive holds more than {MAX_FILES} files.")


def _is_litter(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")
