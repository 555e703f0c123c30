"""What the directory says of a bank beside what its adapter obeys: facts for people, each with its source and its day.

Nothing here changes a call but ``history``, which says how far back accounts are read. What else does is under ``api``
(the standard's settings), under ``rules`` (how rows are read) and in the institution's own members.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from providers.model import AccountType
from providers.port import Resource

Url = Annotated[str, Meta(pattern="^https?://[^/?#]+[^#]*$", max_length=300)]
Link = Annotated[str, Meta(pattern="^https://[^/?#]+[^#]*$", max_length=300)]  # for people to follow
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Bic = Annotated[str, Meta(pattern="^[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$")]  # ISO 9362
Day = Annotated[str, Meta(pattern="^20[0-9]{2}(-[0-9]{2}(-[0-9]{2})?)?$")]
Line = Annotated[str, Meta(min_length=1, max_length=300)]
Count = Annotated[int, Meta(ge=1)]

Approach = Literal["redirect", "decoupled", "embedded"]
"""How the PSU proves who they are: on the bank's page, in its app, or with what they type on ours."""

Need = Literal["qwac", "qseal", "obwac", "obseal", "registration", "client_secret"]
Gap = Literal[
    "access_tokens",
    "signed_requests",
    "own_consent",
    "own_paths",
    "branch_first",
    "two_consents",
    "digest_of_empty_fields",
    "register_by_call",
]

NEEDS: dict[Need, str] = {
    "qwac": "an eIDAS certificate for the connection (QWAC)",
    "qseal": "an eIDAS certificate that signs (QSealC)",
    "obwac": "an Open Banking transport certificate (OBWAC)",
    "obseal": "an Open Banking signing certificate (OBSeal)",
    "registration": "a registration at the bank",
    "client_secret": "a client secret, in a file",
}
"""What an operator must have from elsewhere before the bank lets anybody in."""

GAPS: dict[Gap, str] = {
    "access_tokens": "OAuth access tokens beside the bank consent",
    "signed_requests": "a signature over every request",
    "own_consent": "a bank consent asked for in a way of the bank's own",
    "own_paths": "paths that are not the standard's",
    "branch_first": "which branch or member bank it is, before anything",
    "two_consents": "two consents after each other",
    "digest_of_empty_fields": "a digest over fields that are left empty",
    "register_by_call": "a first call that registers the caller",
}
"""What a bank wants and its adapter cannot do yet. A bank with gaps cannot be enabled."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Fact(_Part, frozen=True):
    """Where the file's content comes from, and the day (or month, or year) that it is of."""

    source: Line
    date: Day


class History(_Part, frozen=True):
    """``days``: the most that the bank ever shows. ``window_s``: how long after the PSU was there it shows all of it;
    ``days_after`` of it are left then."""

    days: Count | None = None
    window_s: Count | None = None
    days_after: Count | None = None


class Payments(_Part, frozen=True):
    """``executes_on``: the PSU's consent, or our submission after it. ``debtor_needed``: which account pays must be
    said. ``final_status``: the bank's word for money that has surely left. ``minimum`` with its currency."""

    executes_on: Literal["consent", "submit"] | None = None
    debtor_needed: bool | None = None
    final_status: Line | None = None
    minimum: Annotated[str, Meta(pattern="^[0-9]+(\\.[0-9]+)? [A-Z]{3}$")] | None = None
    reference_max: Count | None = None


class Listing(_Part, frozen=True):
    """``discovery`` is where the bank publishes its issuer and keys. ``accounts``: ISO 20022 types that it shows.
    ``pending``: whether rows not yet booked are shown, null where nobody has said. ``notes``: what no other member can
    say, in plain words."""

    discovery: Url | None = None
    accounts: tuple[AccountType, ...] = ()
    resources: tuple[Resource, ...] = ()
    pending: bool | None = None
    history: History = History()
    sca: tuple[Approach, ...] = ()
    access_token_s: Count | None = None
    payments: Payments | None = None
    needs: tuple[Need, ...] = ()
    gaps: tuple[Gap, ...] = ()
    notes: tuple[Line, ...] = ()


NO_LISTING = Listing()
