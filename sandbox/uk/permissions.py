"""The permission codes of a bank consent and the rules between them (R/W 3.1.11, Account Access Consents)."""

from sandbox.uk.profile import Profile

KNOWN = frozenset(
    {
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
    }
)
FUNDS = "ConfirmFunds"  # no code of the standard's: what a funds confirmation consent holds, and nothing else
FUNDS_WORDS = "Whether an amount is there, and nothing else"
SHAPES = frozenset({"ReadTransactionsBasic", "ReadTransactionsDetail"})
DIRECTIONS = frozenset({"ReadTransactionsCredits", "ReadTransactionsDebits"})


def objection(permissions: list[str], profile: Profile) -> tuple[str, str, str] | None:
    """What is wrong with the codes asked for: (error code, message, path), or None."""
    for index, code in enumerate(permissions):
        path = f"Data.Permissions[{index}]"
        if code not in KNOWN:
            return "UK.OBIE.Field.Invalid", "This is not a permission code.", path
        if code not in profile.served:
            return "UK.OBIE.Field.Invalid", f"{profile.name} does not support this permission.", path
    asked = set(permissions)
    if not asked & {"ReadAccountsBasic", "ReadAccountsDetail"}:
        return "UK.OBIE.Field.Missing", "ReadAccountsBasic or ReadAccountsDetail is needed.", "Data.Permissions"
    if bool(asked & SHAPES) != bool(asked & DIRECTIONS):
        missing = " or ".join(sorted(DIRECTIONS if asked & SHAPES else SHAPES))
        return "UK.OBIE.Field.Missing", f"{missing} is needed as well.", "Data.Permissions"
    return None
