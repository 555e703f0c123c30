"""What a login is asked for beyond its first step, by how it looks. The operator may bring a policy of their own.

A policy is any object with ``assess(facts) -> Risk``, named in ``RIALTO_RISK_POLICY`` as ``package.module:Name`` and
called without arguments once at the start. It can only make a login harder: whoever has a second factor is asked for
it whatever the policy says, and nobody is asked for what they do not have. It runs inside the login's transaction, so
it decides from the facts alone: no network, no clock, no randomness.
"""

import importlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from hub.identity import assurance

LATELY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """``failures_lately`` counts this person's failed steps of the last day; ``reached`` is the acr so far, ``ceiling``
    the strongest that the person's factors allow. A renewed login (``renews``) happens inside an open session.
    """

    is_known_device: bool
    is_known_network: bool
    failures_lately: int
    has_second_factor: bool
    reached: str
    ceiling: str
    renews: bool


@dataclass(frozen=True, slots=True)
class Risk:
    """``needs`` is the acr that the login must reach, ``tell`` whether the person is told of it as of a new device."""

    needs: str = assurance.ONE_FACTOR
    tell: bool = False


class RiskPolicy(Protocol):
    def assess(self, facts: Facts) -> Risk: ...


class UsualPolicy:
    """The second factor is asked for always; who has none is told when somebody logs in on an unknown device."""

    def assess(self, facts: Facts) -> Risk:
        if facts.has_second_factor:
            return Risk(needs=assurance.TWO_FACTOR)
        return Risk(tell=not facts.is_known_device and not facts.renews)


def needed(risk: Risk, *, floor: str, ceiling: str) -> str:
    """The acr to reach: no less than the person's floor, no more than they can reach. An unknown value asks for all."""
    ranks = {acr: rank for rank, acr in enumerate(assurance.ACRS)}
    wanted = ranks.get(risk.needs, len(ranks))
    return assurance.ACRS[min(max(wanted, ranks[floor]), ranks[ceiling])]


def load(name: str) -> RiskPolicy:
    """The policy that ``package.module:Name`` names, the usual one for "". Raises ValueError saying what is wrong."""
    if not name:
        return UsualPolicy()
    module, _, attribute = name.partition(":")
    try:
        made = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"cannot make a risk policy of {name!r}: {error}") from error
    if not callable(getattr(made, "assess", None)):
        raise ValueError(f"{name!r} has no assess(facts)")
    policy: RiskPolicy = made
    return policy
