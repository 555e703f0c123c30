"""Which of a bank's balances is the balance: current, available, credit left. Pure.

Banks give one balance or six, and the same word means different things (standards differ as well). What is stored is
every balance under its type; what is shown is chosen here, with the reason.
"""

from providers.model import BalanceType

# The names that standards have for ISO 20022 ExternalBalanceType1Code, without regard to case and separators:
# Berlin Group balanceType, UK OBBalanceType1Code ("Cleared" has no ISO code: booked, less what may still bounce).
_WORDS = {
    "closingbooked": BalanceType.CLOSING_BOOKED,
    "closingcleared": BalanceType.CLOSING_BOOKED,
    "closingavailable": BalanceType.CLOSING_AVAILABLE,
    "expected": BalanceType.EXPECTED,
    "forwardavailable": BalanceType.FORWARD_AVAILABLE,
    "information": BalanceType.INFORMATION,
    "interimavailable": BalanceType.INTERIM_AVAILABLE,
    "interimbooked": BalanceType.INTERIM_BOOKED,
    "interimcleared": BalanceType.INTERIM_BOOKED,
    "openingavailable": BalanceType.OPENING_AVAILABLE,
    "openingbooked": BalanceType.OPENING_BOOKED,
    "openingcleared": BalanceType.OPENING_BOOKED,
    "previouslyclosedbooked": BalanceType.PREVIOUSLY_CLOSED_BOOKED,
} | {kind.value.lower(): kind for kind in BalanceType}


def balance_type(word: str) -> BalanceType:
    """The type that a bank's own word means; OTHER where it has no ISO code (authorised, nonInvoiced)."""
    return _WORDS.get(_core(word), BalanceType.OTHER)


def _core(word: str) -> str:
    return "".join(letter for letter in word.lower() if letter.isalnum())
