"""A category for a transaction, with its reason. Deterministic; the rules in their order, the surest first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from hub.insights import codes, names
from hub.insights.movement import Movement


class Because(StrEnum):
    """Which rule decided."""

    CORRECTED = "corrected_by_person"
    OWN_ACCOUNT = "own_account"
    TRANSACTION_CODE = "bank_transaction_code"
    PURPOSE = "purpose"
    MERCHANT_CODE = "merchant_category_code"
    MERCHANT = "known_merchant"
    OWN_NAME = "own_name"
    WORDS = "words"
    SIDE = "nothing_else_known"


@dataclass(frozen=True, slots=True)
class Categorised:
    """``category`` is a code of hub.insights.taxonomy; ``evidence`` what the rule went by, as it was found."""

    category: str
    because: Because
    evidence: str = ""


Corrections = Mapping[tuple[str, bool], str]
"""What a person said of a payee: (Movement.key, is_in) -> category. One person's, and used for them alone."""


def categorise(movement: Movement, corrections: Corrections) -> Categorised:
    for rule in _RULES:
        found = rule(movement, corrections)
        if found is not None:
            return found
    raise AssertionError("the last rule always answers")


def _corrected(movement: Movement, corrections: Corrections) -> Categorised | None:
    if not corrections:
        return None
    key = movement.key
    category = corrections.get((key, movement.is_in)) if key else None
    return None if category is None else Categorised(category, Because.CORRECTED, key)


def _own_account(movement: Movement, _: Corrections) -> Categorised | None:
    return Categorised("transfers.own_accounts", Because.OWN_ACCOUNT) if movement.is_between_own else None


def _transaction_code(movement: Movement, _: Corrections) -> Categorised | None:
    code = movement.bank_transaction_code
    return _of_side(movement, codes.by_bank_transaction_code(code), Because.TRANSACTION_CODE, code) if code else None


def _purpose(movement: Movement, _: Corrections) -> Categorised | None:
    sides = codes.PURPOSES.get(movement.purpose)
    return None if sides is None else _of_side(movement, sides, Because.PURPOSE, movement.purpose)


def _merchant_code(movement: Movement, _: Corrections) -> Categorised | None:
    category = codes.by_merchant_category_code(movement.merchant_category_code)
    return None if category is None else Categorised(category, Because.MERCHANT_CODE, movement.merchant_category_code)


def _merchant(movement: Movement, _: Corrections) -> Categorised | None:
    found = names.by_merchant(movement.payee)
    return None if found is None else Categorised(found[0], Because.MERCHANT, found[1])


def _own_name(movement: Movement, _: Corrections) -> Categorised | None:
    return Categorised("transfers.own_accounts", Because.OWN_NAME, movement.payee) if movement.is_to_own_name else None


def _words(movement: Movement, _: Corrections) -> Categorised | None:
    for text in (movement.payee, movement.text):
        found = names.by_words(text, is_in=movement.is_in)
        if found is not None:
            return Categorised(found[0], Because.WORDS, found[1])
    return None


def _side(movement: Movement, _: Corrections) -> Categorised:
    return Categorised("other.money_in" if movement.is_in else "other.spending", Because.SIDE)


def _of_side(movement: Movement, sides: codes.Sides, because: Because, evidence: str) -> Categorised | None:
    category = sides[0 if movement.is_in else 1]
    return None if category is None else Categorised(category, because, evidence)


_RULES: tuple[Callable[[Movement, Corrections], Categorised | None], ...] = (
    _corrected,
    _own_account,
    _transaction_code,
    _purpose,
    _merchant_code,
    _merchant,
    _own_name,
    _words,
    _side,
)
