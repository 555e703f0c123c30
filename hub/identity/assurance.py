"""How surely somebody proved who they are: methods (``amr``, RFC 8176) and what they amount to (``acr``).

``acr`` values, weakest first:

    urn:rialto:acr:one-factor   one thing was shown: a password, or a login at another provider
    urn:rialto:acr:two-factor   two of: something known, something held
    phr                         phishing-resistant (OpenID EAP ACR Values 1.0): a passkey that verified its user. It
                                signs for the hub's own origin only, so there is nothing that a false page could pass on
"""

from collections.abc import Iterable

ONE_FACTOR = "urn:rialto:acr:one-factor"
TWO_FACTOR = "urn:rialto:acr:two-factor"
PHISHING_RESISTANT = "phr"
ACRS = (ONE_FACTOR, TWO_FACTOR, PHISHING_RESISTANT)

PASSWORD = "pwd"  # noqa: S105  # a word of RFC 8176
ONE_TIME = "otp"  # a code from an authenticator app, or a recovery code: each is good for one login
DEVICE_KEY = "hwk"  # a passkey that cannot leave its device
SYNCED_KEY = "swk"  # a passkey that is copied between the person's devices
PRESENT = "user"
SEVERAL = "mfa"
FEDERATED = "fed"  # a login at another OpenID provider; RFC 8176 has no word for it
_KEYS = frozenset({DEVICE_KEY, SYNCED_KEY})
_HELD = frozenset({ONE_TIME, *_KEYS})
_KNOWN = frozenset({PASSWORD, FEDERATED})


def passkey_amr(*, synced: bool) -> tuple[str, ...]:
    """What a passkey shows that verified its user: the key is held, and a PIN or a finger unlocked it."""
    return (SYNCED_KEY if synced else DEVICE_KEY, PRESENT, SEVERAL)


def together(*methods: Iterable[str]) -> tuple[str, ...]:
    """Several steps of one login as one ``amr``: every method once, in the order of the steps, ``mfa`` last."""
    found = list(dict.fromkeys(method for step in methods for method in step if method != SEVERAL))
    is_several = SEVERAL in {method for step in methods for method in step}
    if is_several or (_KNOWN.intersection(found) and _HELD.intersection(found)):
        found.append(SEVERAL)
    return tuple(found)


def acr_of(amr: Iterable[str]) -> str:
    """What these methods amount to. Unknown ones count for nothing."""
    methods = set(amr)
    if SEVERAL not in methods:
        return ONE_FACTOR
    return PHISHING_RESISTANT if methods & _KEYS else TWO_FACTOR


def satisfies(acr: str, wanted: str) -> bool:
    """Whether ``acr`` is at least as strong as ``wanted``. A value outside ACRS satisfies nothing, and nothing it."""
    return acr in ACRS and wanted in ACRS and ACRS.index(acr) >= ACRS.index(wanted)
