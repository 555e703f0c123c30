"""The rim of every adapter: what leaves it is a ProviderError that knows its bank and its step, or a bug.

The inner layers raise the right error where they know most. This is the net under them for what the libraries that
touch a bank's bytes raise of them; anything else that escapes is a mistake of ours and must be seen as one.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec
import requests
from joserfc.errors import JoseError

from providers.errors import ContractBroken, ProviderError, Transient
from providers.rows import Rows

log = logging.getLogger(__name__)
T = TypeVar("T")


@contextmanager
def edge(institution_id: str, step: str) -> Iterator[None]:
    try:
        yield
    except ProviderError as error:
        error.institution_id = error.institution_id or institution_id
        error.step = error.step or step
        raise
    except (msgspec.MsgspecError, JoseError, UnicodeDecodeError, RecursionError) as error:
        raise ContractBroken(type(error).__name__, institution_id=institution_id, step=step) from None
    except requests.RequestException as error:
        raise Transient(type(error).__name__, institution_id=institution_id, step=step) from None


def guarded(pages: Iterator[T], institution_id: str, step: str) -> Iterator[T]:
    """``pages`` with the edge around each step but never around the caller's own work between them."""
    while True:
        with edge(institution_id, step):
            try:
                page = next(pages)
            except StopIteration:
                return
        yield page


def kept(pages: Iterable[Rows[T]], institution_id: str, step: str) -> tuple[T, ...]:
    """All good rows of a short list (accounts, balances). The port has no place for broken ones there, so they are
    logged by reason; a list with nothing but broken rows is broken itself."""
    values: list[T] = []
    first_rejected = None
    for page in pages:
        values.extend(page.values)
        for row in page.rejected:
            first_rejected = first_rejected or row
            log.warning("%s %s: a row was set aside: %s", institution_id, step, row.reason)
    if first_rejected is not None and not values:
        raise ContractBroken(f"every row is broken: {first_rejected.reason}", raw=first_rejected.raw)
    return tuple(values)
