"""From a bank's page to its rows, so that one broken row costs one row and not the page."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from providers.errors import ContractBroken
from providers.model import RejectedRow

W = TypeVar("W")
T = TypeVar("T")


class BrokenRow(ValueError):
    """This row cannot be understood. The message names the field, never its value."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """What one answer held: the rows understood, the rows not, and the bank's link to more."""

    values: tuple[T, ...]
    rejected: tuple[RejectedRow, ...] = ()
    next: str | None = None


def envelope(decoder: "msgspec.json.Decoder[W]", body: bytes) -> W:
    """The outer shape of an answer, its rows left as bytes. ContractBroken, with the body, if it has not that shape."""
    try:
        return decoder.decode(body)
    except msgspec.MsgspecError as error:
        # msgspec names paths and types, never values
        raise ContractBroken(f"not the promised JSON: {error}", raw=body) from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise ContractBroken(f"not JSON: {type(error).__name__}", raw=body) from None


def sift(
    raws: Iterable[msgspec.Raw], decoder: "msgspec.json.Decoder[W]", make: Callable[[W, bytes], T]
) -> tuple[tuple[T, ...], tuple[RejectedRow, ...]]:
    """``make(decoded, raw)`` for each row; a row that will not decode, or that make() calls broken, is set aside."""
    good: list[T] = []
    rejected: list[RejectedRow] = []
    for row in raws:
        raw = bytes(row)
        try:
            raw.decode()  # the decoder skips what it does not want unread; the kept row must be JSON throughout
            good.append(make(decoder.decode(raw), raw))
        except (BrokenRow, msgspec.MsgspecError) as error:
            rejected.append(RejectedRow(str(error), raw))
        except (UnicodeDecodeError, RecursionError) as error:
            rejected.append(RejectedRow(type(error).__name__, raw))
    return tuple(good), tuple(rejected)
