"""The permission codes of a bank consent, and the rules between them (R/W 3.1.11 and 4.0, Account Access Consents)."""

from collections.abc import Iterable
from typing import Literal

from providers.port import Resource

Permission = Literal[
    "ReadAccountsBasic",
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadBeneficiariesBasic",
    "ReadBeneficiariesDetail",
    "ReadDirectDebits",
    "ReadOffers",
    "ReadPAN",
    "ReadParty",
    "ReadPartyPSU",
    "ReadProducts",
    "ReadScheduledPaymentsBasic",
    "ReadScheduledPaymentsDetail",
    "ReadStandingOrdersBasic",
    "ReadStandingOrdersDetail",
    "ReadStatementsBasic",
    "ReadStatementsDetail",
    "ReadTransactionsBasic",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
    "ReadTransactionsDetail",
]

DETAIL_PERMISSIONS: tuple[Permission, ...] = (
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
    "ReadTransactionsDetail",
)

_OF_RESOURCE: dict[Resource, Permission] = {
    Resource.STANDING_ORDERS: "ReadStandingOrdersDetail",
    Resource.DIRECT_DEBITS: "ReadDirectDebits",
    Resource.SCHEDULED_PAYMENTS: "ReadScheduledPaymentsDetail",
    Resource.BENEFICIARIES: "ReadBeneficiariesDetail",
    Resource.STATEMENTS: "ReadStatementsDetail",
    Resource.PARTIES: "ReadParty",
    Resource.PRODUCTS: "ReadProducts",
    Resource.OFFERS: "ReadOffers",
}

_SHAPES = frozenset({"ReadTransactionsBasic", "ReadTransactionsDetail"})
_DIRECTIONS = frozenset({"ReadTransactionsCredits", "ReadTransactionsDebits"})


def permissions_for(
    asked: Iterable[Permission], resources: Iterable[Resource], removed: Iterable[Permission]
) -> tuple[str, ...]:
    """What a consent asks for: a bank refuses the whole of it for one code that it does not support.

    A resource whose code is removed is asked for in its basic form. Raises ValueError for a set that every bank has to
    refuse: accounts are always asked for, and the shape of transactions (Basic, Detail) needs their direction (Credits,
    Debits), and the other way about.
    """
    without = set(removed)
    wanted = [*asked, *(_OF_RESOURCE[one] for one in resources if one in _OF_RESOURCE)]
    basic = [code.replace("Detail", "Basic") for code in wanted if code in without and code.endswith("Detail")]
    left = dict.fromkeys(code for code in [*wanted, *basic] if code not in without)
    if not left.keys() & {"ReadAccountsBasic", "ReadAccountsDetail"}:
        raise ValueError("permissions: ReadAccountsBasic or ReadAccountsDetail is needed")
    if bool(left.keys() & _SHAPES) != bool(left.keys() & _DIRECTIONS):
        missing = " or ".join(sorted(_DIRECTIONS if left.keys() & _SHAPES else _SHAPES))
        raise ValueError(f"permissions: {missing} is needed as well")
    return tuple(left)


def covered(resources: Iterable[Resource], permissions: Iterable[str]) -> frozenset[Resource]:
    """Those of ``resources`` that a bank consent with these codes lets its token read, be it in their basic form."""
    held = set(permissions)
    return frozenset(
        one
        for one in resources
        if one in _OF_RESOURCE and held & {_OF_RESOURCE[one], _OF_RESOURCE[one].replace("Detail", "Basic")}
    )
