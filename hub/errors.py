"""Errors as domain words, and the one translation of them into HTTP: RFC 9457 problem documents.

DomainError
├── BadInput          a parameter is wrong; names it
├── Unauthenticated   no valid token or session
│   └── LoginNotEnough  the login behind the token is too old or too weak; says which would do
├── NotPermitted      known, but the consent, scope or client does not allow it; says which
├── NotFound          there is no such thing, or not for this caller: the two look the same
├── Conflict          the thing has moved on meanwhile
├── TooMany           slow down; carries retry_after_s
└── Away              the hub cannot work at present; carries retry_after_s

Whatever is not a DomainError is a bug: it is logged with a reference and answered with nothing but that reference.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Kind:
    """How one class of error looks from outside. ``slug`` ends the problem's type URI and is stable."""

    slug: str
    title: str
    status: int


class DomainError(Exception):
    kind: ClassVar[Kind] = Kind("error", "The request failed", 500)

    def __init__(self, detail: str, *, parameter: str | None = None, reason: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.parameter = parameter
        self.reason = reason


class BadInput(DomainError):
    """``parameter`` is the name of the query, form or body member at fault."""

    kind = Kind("bad-input", "A parameter is not right", 400)


class Unauthenticated(DomainError):
    kind = Kind("unauthenticated", "A valid access token is needed", 401)


class LoginNotEnough(Unauthenticated):
    """RFC 9470 3: the token holds, the login behind it does not suffice. ``acr`` and ``max_age_s``: what would."""

    kind = Kind("login-not-enough", "A stronger or fresher login is needed", 401)

    def __init__(self, *, acr: str | None, max_age_s: int | None) -> None:
        super().__init__(
            "This needs a stronger or more recent login. Send the person to the authorization endpoint once more, with"
            " the acr_values and max_age of this challenge.",
            reason="insufficient_user_authentication",
        )
        self.acr = acr
        self.max_age_s = max_age_s

    @property
    def wanted(self) -> dict[str, str]:
        """The parameters of the authorization request that would help, under their names."""
        said = {"acr_values": self.acr, "max_age": None if self.max_age_s is None else str(self.max_age_s)}
        return {name: value for name, value in said.items() if value is not None}


class NotPermitted(DomainError):
    kind = Kind("not-permitted", "The consent does not allow this", 403)


class NotFound(DomainError):
    kind = Kind("not-found", "There is no such thing here", 404)


class Conflict(DomainError):
    kind = Kind("conflict", "This has changed meanwhile", 409)


class TooLarge(DomainError):
    kind = Kind("too-large", "The request is too large", 413)


class TooMany(DomainError):
    kind = Kind("too-many-requests", "Too many requests", 429)

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class Away(DomainError):
    """The database cannot be used: it restarts, its disk is full, another took over. Whether a change was made is not
    known."""

    kind = Kind("unavailable", "The hub cannot work at present", 503)

    def __init__(self) -> None:
        super().__init__(
            "Our database cannot be reached for a moment. Try again shortly; if you were changing something, look first"
            " whether it was done."
        )
        self.retry_after_s = 5


def problem(error: DomainError, *, base_url: str, instance: str | None = None) -> dict[str, object]:
    """The RFC 9457 document for an error; absent members are left out."""
    document: dict[str, object] = {
        "type": f"{base_url}/docs/problems#{error.kind.slug}",
        "title": error.kind.title,
        "status": error.kind.status,
        "detail": error.detail,
    }
    extra = {"parameter": error.parameter, "reason": error.reason, "instance": instance}
    return document | {name: value for name, value in extra.items() if value is not None}
