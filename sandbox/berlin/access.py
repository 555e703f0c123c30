"""What a consent request asks for (``accountAccess``), and what comes of it once the person has picked. Pure.

Four models (NextGenPSD2 1.3, 6.3.1): dedicated (accounts named), bank-offered (empty lists: the person picks here),
global (allPsd2), and the plain list of accounts with or without balances.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.iban import is_iban
from sandbox.people import Account


class Model(StrEnum):
    DEDICATED = "dedicated"
    BANK_OFFERED = "bank_offered"
    GLOBAL = "global"
    LIST = "list"


LISTS = ("accounts", "balances", "transactions")
WORDS = {
    "allPsd2": (Model.GLOBAL, frozenset(LISTS)),
    "availableAccounts": (Model.LIST, frozenset({"accounts"})),
    "availableAccountsWithBalance": (Model.LIST, frozenset({"accounts", "balances"})),
}
VALUES = ("allAccounts", "allAccountsWithOwnerName")


@dataclass(frozen=True, slots=True)
class Wanted:
    """``ibans`` maps each right to the accounts named for it; it is empty except in the dedicated model.

    ``word`` is the member that was sent in the global and list models, ``owner_name`` whether owners are shown.
    """

    model: Model
    rights: frozenset[str]
    ibans: dict[str, frozenset[str]]
    word: str = ""
    owner_name: bool = False

    def rights_on(self, account: Account) -> frozenset[str]:
        """The rights that this request wants on ``account``; empty: the account is not meant."""
        if self.model is not Model.DEDICATED:
            return self.rights
        named = {right for right in LISTS if account.iban in self.ibans.get(right, ())}
        return frozenset(named | {"accounts"}) if named else frozenset()

    @property
    def person_picks(self) -> bool:
        return self.model in (Model.BANK_OFFERED, Model.DEDICATED)


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why the access asked for is refused: a tppMessages code and its text."""

    code: str
    text: str


def read_access(access: object) -> Wanted | Unfit:
    if not isinstance(access, dict) or not access:
        return Unfit("FORMAT_ERROR", "access is needed")
    unknown = set(access) - {*LISTS, *WORDS}
    if unknown:
        return Unfit("PARAMETER_NOT_SUPPORTED", f"access.{min(unknown)[:40]} is not supported")
    words = [word for word in WORDS if word in access]
    if words:
        if len(access) != 1 or access[words[0]] not in VALUES:
            return Unfit("FORMAT_ERROR", f"access.{words[0]} stands alone and is one of {', '.join(VALUES)}")
        model, rights = WORDS[words[0]]
        return Wanted(model, rights, {}, words[0], access[words[0]] == VALUES[1])
    return _read_lists(access)


def _read_lists(access: dict[str, Any]) -> Wanted | Unfit:
    if not all(isinstance(references, list) for references in access.values()):
        return Unfit("FORMAT_ERROR", "accounts, balances and transactions are lists")
    rights = frozenset({*access, "accounts"})  # whoever may read a balance may see that the account is there
    if not any(access.values()):
        return Wanted(Model.BANK_OFFERED, rights, {})
    if not all(access.values()):
        return Unfit("FORMAT_ERROR", "either all lists are empty, or none is")
    ibans: dict[str, frozenset[str]] = {}
    for right, references in access.items():
        named = [str(reference.get("iban")) if isinstance(reference, dict) else "" for reference in references]
        if not all(is_iban(iban) for iban in named):
            return Unfit("FORMAT_ERROR", f"access.{right} holds something that is not an IBAN")
        ibans[right] = frozenset(named)
    return Wanted(Model.DEDICATED, rights, ibans)


def granted_access(wanted: Wanted, granted: list[tuple[Account, frozenset[str]]]) -> dict[str, Any]:
    """The ``access`` of a consent as it is told back: filled in where the person picked."""
    if wanted.word:
        return {wanted.word: VALUES[1] if wanted.owner_name else VALUES[0]}
    if not granted:
        return {
            right: [{"iban": iban} for iban in sorted(wanted.ibans.get(right, ()))]
            for right in LISTS
            if right in (wanted.ibans or wanted.rights)
        }
    return {
        right: [{"iban": account.iban, "currency": account.currency} for account, rights in granted if right in rights]
        for right in LISTS
        if right in wanted.rights
    }
