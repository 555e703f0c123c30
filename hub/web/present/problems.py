"""What each problem type means and what the caller can do: the page behind ``type`` in every problem document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub import errors
from hub.errors import DomainError

_WHAT_TO_DO: Mapping[type[DomainError], str] = {
    errors.BadInput: "“parameter” names what is at fault and “detail” says why. Correct it; the same request fails "
    "again.",
    errors.Unauthenticated: "Get a new access token with your refresh token. If that is refused too, send the person "
    "through the authorisation endpoint again.",
    errors.LoginNotEnough: "Send the person through the authorisation endpoint with the acr_values and max_age of the "
    "WWW-Authenticate header, and come back with the new token.",
    errors.NotPermitted: "“reason” says why, for example revoked, expired or permission_not_granted. A new token does "
    "not help: only the person can allow it, on the consent screen.",
    errors.NotFound: "The id is not known, or not within this consent: the two look the same on purpose.",
    errors.Conflict: "Read the thing again and decide anew.",
    errors.TooLarge: "Send less at once.",
    errors.TooMany: "Wait as many seconds as Retry-After says.",
    errors.Away: "Ask again after as many seconds as Retry-After says. If it was a change, look first whether it was "
    "made.",
}
_OTHERS = (
    (
        "http",
        "The request is not one that this address takes",
        "Look at the method, the path and the content type in the API reference.",
    ),
    (
        "error",
        "Unforeseen error",
        "A fault of ours. “instance” is the reference that finds it in our log; try again later.",
    ),
)


@dataclass(frozen=True, slots=True)
class ProblemType:
    """``status`` None: it varies."""

    slug: str
    title: str
    advice: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class ProblemsPage:
    """problems.html. ``base`` is what the type URIs begin with, up to the number sign."""

    base: str
    types: tuple[ProblemType, ...]


def _kinds(above: type[DomainError]) -> Iterator[type[DomainError]]:
    for one in above.__subclasses__():
        if "kind" in vars(one):  # else it is the same problem type as the class above it
            yield one
        yield from _kinds(one)


def page(base_url: str) -> ProblemsPage:
    """Every class of hub.errors is on it; one without advice is a KeyError, and a test's failure."""
    known = [
        ProblemType(one.kind.slug, one.kind.title, _WHAT_TO_DO[one], one.kind.status) for one in _kinds(DomainError)
    ]
    others = [ProblemType(*one) for one in _OTHERS]
    return ProblemsPage(f"{base_url}/docs/problems", tuple(sorted(known, key=lambda one: one.status or 0) + others))
