"""How surely the person must prove, or should have proved, who they are: acr_values and the claims parameter as one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.identity.assurance import ACRS, satisfies
from hub.oauth import claims_parameter
from hub.oauth.errors import OAuthRefusal


class UnmetAuthenticationRequirements(OAuthRefusal):
    """OpenID Connect Core Error Code unmet_authentication_requirements 1.0: an essential acr cannot be met."""

    error = "unmet_authentication_requirements"
    description = "None of the essential acr values can be met here."


@dataclass(frozen=True, slots=True)
class Wanted:
    """``essential``: the login must meet one of these, or the answer is an error. ``voluntary``: the client's wish, in
    its order of preference; a login that meets none is told as it is. Both may hold values that nobody here knows.
    """

    essential: tuple[str, ...] = ()
    voluntary: tuple[str, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether any login at all can meet what is essential."""
        return not self.essential or any(value in ACRS for value in self.essential)

    @property
    def login(self) -> str | None:
        """The acr to ask of the person: the weakest that meets an essential value, else the first wish we know."""
        known = [value for value in self.essential if value in ACRS]
        if known:
            return min(known, key=ACRS.index)
        return next((value for value in self.voluntary if value in ACRS), None)

    def met_by(self, acr: str) -> bool:
        """Whether a login of this acr is enough to go on with."""
        return not self.essential or any(satisfies(acr, value) for value in self.essential)

    def wish_met_by(self, acr: str) -> bool:
        """Whether it is also what the client would like; what nobody here knows is no reason to ask the person more."""
        known = [value for value in self.voluntary if value in ACRS]
        return not known or any(satisfies(acr, value) for value in known)


def wanted_acr(facts: Mapping[str, Any]) -> Wanted:
    """``facts`` are a checked request's: ``acr_values`` (a list) and ``claims`` (normal form), each where it was sent.

    acr_values is always voluntary (OIDC Core 3.1.2.1). Where both express a wish, the claims parameter's comes first,
    since it is the more exact of the two (5.5.1.1 leaves it to us).
    """
    claims = facts.get("claims")
    wishes = [*claims_parameter.preferred_acr(claims), *(facts.get("acr_values") or [])]
    return Wanted(tuple(claims_parameter.required_acr(claims)), tuple(dict.fromkeys(wishes)))
