"""What some banks want to know before there is a bank consent: the PSU's login name there, and the accounts by IBAN.

psd2-api 1.3.11, createConsent: PSU-ID, and accountAccess in the dedicated model. Asked on a page of ours; the answers
go into one request and nowhere else. IBANs are checked here (ISO 13616), so that a slip of the pen costs no attempt.
"""

import re
from collections.abc import Mapping

from providers.berlin_group import sca
from providers.berlin_group.settings import Settings
from providers.identify import identifier
from providers.model import Scheme
from providers.port import Ask, Field

_LONGEST = 1000
_MOST_IBANS = 20
_PARTS = re.compile(r"[,;\n]+")


def is_asked(settings: Settings) -> bool:
    return settings.ask_psu_id or settings.consent_model == "dedicated"


def ask(settings: Settings, error: str = "") -> Ask:
    fields = [sca.PSU_ID] if settings.ask_psu_id else []
    if settings.consent_model == "dedicated":
        hint = "Several are parted by commas."
        fields.append(Field("ibans", "The IBANs of the accounts to link", hint=hint, max_length=_LONGEST))
    return Ask(tuple(fields), "Your bank wants to know this before it asks you itself.", error)


def ibans(answers: Mapping[str, str]) -> tuple[str, ...]:
    """The accounts that the PSU named. Raises ValueError, with words for them, for what is no IBAN."""
    written = [part.strip() for part in _PARTS.split(answers.get("ibans", "")) if part.strip()]
    if not 1 <= len(written) <= _MOST_IBANS:
        raise ValueError(f"Please name 1 to {_MOST_IBANS} IBANs, parted by commas.")
    found = [identifier(Scheme.IBAN, one) for one in written]
    for at, one in enumerate(found, 1):
        if one.scheme is not Scheme.IBAN or not _checks(one.value):
            raise ValueError(f"Number {at} is not an IBAN. Please look at it again.")
    return tuple(dict.fromkeys(one.value for one in found))


def _checks(iban: str) -> bool:
    """ISO 7064, MOD 97-10."""
    return int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 == 1
