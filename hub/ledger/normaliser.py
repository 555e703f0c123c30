"""The name of the rules that read a bank's rows, kept beside what they made."""

from hashlib import sha256

import msgspec

from providers.port import Capabilities
from providers.registry import Institution
from providers.rules.profile import NO_RULES
from providers.rules.version import SHARED

_LENGTH = 40


def normaliser_of(institution: Institution, capabilities: Capabilities) -> str:
    """ "berlin_group r2.1+5d41ac 1.3.12": the standard, the version of the code that reads it and that of the rules
    which all standards share, six digits of the SHA-256 of the bank's own rules if it has any, the version it speaks.
    """
    own = ""
    if institution.rules != NO_RULES:
        own = f"+{sha256(msgspec.json.encode(institution.rules, order='sorted')).hexdigest()[:6]}"
    rules = f"r{capabilities.rules_version}.{SHARED}{own}"
    return f"{capabilities.standard} {rules} {institution.version}"[:_LENGTH].rstrip()
