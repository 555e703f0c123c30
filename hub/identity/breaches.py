"""Passwords that leaked somewhere once: looked up in a local file, or asked for by k-anonymity.

The file is what Have I Been Pwned's downloader makes: lines ``SHA-1 in hex:count`` in ascending order, or a folder of
one file per first five digits, whose lines hold the other 35. It may be 40 GB; a look-up reads some thirty short
pieces of it and keeps none.

The range service learns the first five hex digits of the SHA-1, which some hundreds of leaked passwords share, and
nothing else. SHA-1 is only how both are sorted; no password is stored by it.
"""

import hashlib
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from hub.db import in_transaction
from hub.identity.passwords import BreachList
from hub.settings import LOOPBACK, Settings, SettingsError
from providers.deadline import DeadlineAdapter, call_ends_at

log = logging.getLogger(__name__)
PREFIX_DIGITS = 5
TIMEOUT_S = 2
_MOST_BYTES = 1024 * 1024  # a range has some forty kilobytes
_LINE_BYTES = 128  # a hash, a colon and a count are far shorter
_LINE = re.compile(rb"([0-9A-Fa-f]{40}):\d+\s*")


@dataclass(frozen=True, slots=True)
class SortedFile:
    """One file of whole hashes, in order."""

    path: Path

    def contains(self, password: str) -> bool:
        wanted = _sha1(password).encode()
        with self.path.open("rb") as file:
            return _line_after(file, wanted)[:40].upper() == wanted


@dataclass(frozen=True, slots=True)
class RangeFolder:
    """A folder of ``00000.txt`` to ``FFFFF.txt``. A prefix without a file has no leaked password."""

    path: Path

    def contains(self, password: str) -> bool:
        digest = _sha1(password)
        try:
            text = (self.path / f"{digest[:PREFIX_DIGITS]}.txt").read_bytes()
        except FileNotFoundError:
            return False
        return _is_among(text, digest[PREFIX_DIGITS:])


@dataclass(frozen=True, slots=True)
class RangeService:
    """``url`` is put before the five digits, such as https://api.pwnedpasswords.com/range/."""

    url: str

    def contains(self, password: str) -> bool:
        """False also where the service does not answer: it must not be able to stop people from registering."""
        if in_transaction():
            raise RuntimeError("a breach list is asked outside of transactions")
        digest = _sha1(password)
        try:
            text = self._range(digest[:PREFIX_DIGITS])
        except (requests.RequestException, HTTPError, ValueError) as error:
            log.warning("the breach list did not answer", extra={"error": type(error).__name__})
            return False
        return _is_among(text, digest[PREFIX_DIGITS:])

    def _range(self, prefix: str) -> bytes:
        """Raises RequestException, HTTPError where the body breaks off, ValueError for an answer that is no range.

        The operator named the address, and it may well be inside: so this is not hub.outbound's business.
        """
        # Padded, so that the size of the encrypted answer does not tell which range it was.
        headers = {"Add-Padding": "true", "User-Agent": "rialto"}
        ends_at = call_ends_at.set(time.monotonic() + TIMEOUT_S)
        try:
            with requests.Session() as session:
                session.trust_env = False
                for scheme in ("https://", "http://"):
                    session.mount(scheme, DeadlineAdapter())
                with session.get(
                    self.url + prefix, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, stream=True
                ) as response:
                    text = response.raw.read(_MOST_BYTES, decode_content=True)
        finally:
            call_ends_at.reset(ends_at)
        if response.status_code != requests.codes.ok:
            raise ValueError("not a range")
        return bytes(text)


@dataclass(frozen=True, slots=True)
class AnyOf:
    lists: Sequence[BreachList]

    def contains(self, password: str) -> bool:
        return any(one.contains(password) for one in self.lists)


def of(settings: Settings) -> BreachList | None:
    """What the operator set up, the local list first; None for none. Raises SettingsError."""
    lists: list[BreachList] = []
    if settings.breach_list is not None:
        lists.append(_local(settings.breach_list))
    if settings.breach_range_url is not None:
        lists.append(_service(settings.breach_range_url))
    return AnyOf(lists) if lists else None


def _local(path: Path) -> BreachList:
    if path.is_dir():
        if not any(path.glob("[0-9A-F]" * PREFIX_DIGITS + ".txt")):
            raise SettingsError("RIALTO_BREACH_LIST is a folder without any range such as 00000.txt")
        return RangeFolder(path)
    try:
        with path.open("rb") as file:
            first = file.readline(_LINE_BYTES)
    except OSError as error:
        raise SettingsError(f"RIALTO_BREACH_LIST cannot be read: {error.strerror}") from None
    if _LINE.fullmatch(first) is None:
        raise SettingsError("RIALTO_BREACH_LIST has lines such as 000000005AD76BD555C1D6D771DE417A4B87E4B4:4")
    return SortedFile(path)


def _service(url: str) -> BreachList:
    parts = urlsplit(url)
    is_private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_private or not url.endswith("/") or parts.query or parts.fragment:
        raise SettingsError("RIALTO_BREACH_RANGE_URL is an https address that ends in /, before the five digits")
    return RangeService(url)


def _sha1(password: str) -> str:
    return hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper()


def _line_after(file: BinaryIO, wanted: bytes) -> bytes:
    """The first line that is not below ``wanted``, b"" for none: a binary search over the bytes of the file.

    Seen from a byte, "the first line that begins here or later" only ever moves on, so it can be searched for.
    """
    low, high = 0, file.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        line = _first_line_from(file, middle)
        if line and line[:40].upper() < wanted:
            low = middle + 1
        else:
            high = middle
    return _first_line_from(file, low)


def _first_line_from(file: BinaryIO, position: int) -> bytes:
    """The first whole line that begins at ``position`` or later, b"" for none."""
    if position == 0:
        file.seek(0)
    else:
        file.seek(position - 1)
        file.readline(_LINE_BYTES)  # to the line break, which may be the byte just before
    return file.readline(_LINE_BYTES)


def _is_among(text: bytes, suffix: str) -> bool:
    """Whether a range's lines hold this suffix. A count of 0 is padding and no password."""
    wanted = suffix.encode()
    for line in text.upper().splitlines():
        found, _, count = line.strip().partition(b":")
        if found == wanted:
            return count.strip() not in {b"", b"0"}
    return False
