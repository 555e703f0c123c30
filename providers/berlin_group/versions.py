"""What the versions of the standard call the same things: NextGenPSD2 1.x and openFinance 2.x.

openFinance Consent API 2.2 (3.4.1) and XS2A API 2.4: consents by category, ``Client-`` before what was ``TPP-``,
``validTo`` for ``validUntil``, ``consentType`` and rights by account for lists of accounts by right. What follows in an
answer's links is the same in both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Model = Literal["bank_offered", "dedicated", "global"]
Approach = Literal["redirect", "decoupled", "embedded"]

_LISTS = ("accounts", "balances", "transactions")
_RIGHTS = ["accountDetails", "balances", "transactions"]
_TYPES = {"bank_offered": "aspspManaged", "dedicated": "detailed", "global": "global"}


@dataclass(frozen=True, slots=True)
class Version:
    """``root`` and ``consents`` are parts of paths, ``prefix`` is of headers, ``valid_until`` a member of consents."""

    root: str
    consents: str
    prefix: str
    valid_until: str

    def approach(self, preferred: Approach) -> dict[str, str]:
        """The headers that say which SCA approach we would like. A bank is free to choose another."""
        if self is V2:
            return {"Client-SCA-Approach-Preference": preferred}
        asked = {"TPP-Redirect-Preferred": "true" if preferred == "redirect" else "false"}
        return asked | ({"TPP-Decoupled-Preferred": "true"} if preferred == "decoupled" else {})

    def access(self, model: Model, ibans: Iterable[str]) -> dict[str, object]:
        """What of a consent's body says which accounts it is for: ``ibans`` in the dedicated model."""
        named = [{"iban": iban} for iban in ibans]
        if self is V2:
            entries = [{"account": one, "rights": _RIGHTS} for one in named] or [{"rights": _RIGHTS}]
            return {"consentType": _TYPES[model], "access": {"payments": entries}}
        access: dict[str, object] = {"allPsd2": "allAccounts"} if model == "global" else dict.fromkeys(_LISTS, named)
        return {"access": access, "combinedServiceIndicator": False}


V1 = Version("v1", "consents", "TPP-", "validUntil")
V2 = Version("v2", "consents/account-access", "Client-", "validTo")


def version_of(number: str) -> Version:
    """``number`` as a bank's file has it: "1.3.11", "2.2"."""
    return V2 if number.partition(".")[0] == "2" else V1
