"""What differs between the two British banks: everything else they share."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.people import BankName

_ACCOUNTS = {
    "ReadAccountsBasic": "Your accounts: type, currency and nickname",
    "ReadAccountsDetail": "Your accounts with sort code, account number and IBAN",
    "ReadBalances": "Your balances",
    "ReadTransactionsBasic": "Your transactions: date and amount",
    "ReadTransactionsDetail": "Your transactions with payees and descriptions",
    "ReadTransactionsCredits": "Money paid in",
    "ReadTransactionsDebits": "Money paid out",
    "ReadPAN": "Your full card numbers",
    "ReadParty": "The account holder's name, address, email and phone",
    "ReadPartyPSU": "Your name",
}
_PLANNED = {
    "ReadStandingOrdersBasic": "Your standing orders: when and how much",
    "ReadStandingOrdersDetail": "Your standing orders and whom they pay",
    "ReadDirectDebits": "Your direct debits",
    "ReadScheduledPaymentsBasic": "Your scheduled payments: when and how much",
    "ReadScheduledPaymentsDetail": "Your scheduled payments and whom they pay",
    "ReadProducts": "The terms of your accounts",
}
_ARRANGEMENTS = {
    "ReadBeneficiariesBasic": "Your saved payees",
    "ReadBeneficiariesDetail": "Your saved payees with their account numbers",
    "ReadStatementsBasic": "Your statements",
    "ReadStatementsDetail": "Your statements with their amounts",
    "ReadOffers": "What the bank offers you",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """``served`` are the permissions that the bank knows, in words for people. ``answers`` is how each response type is
    answered: in the query, in the fragment, or as one signed JWT. ``token_auth`` are the ways in which the TPP may say
    who it is; a secret is one only where the bank has given one."""

    here: BankName
    name: str
    port: int
    version: str
    bic: str
    served: Mapping[str, str]
    answers: Mapping[str, str]
    token_auth: tuple[str, ...]

    @property
    def aisp_path(self) -> str:
        return f"/open-banking/v{self.version}/aisp"

    @property
    def cbpii_path(self) -> str:
        return f"/open-banking/v{self.version}/cbpii"

    @property
    def confirms_funds(self) -> bool:
        return self is CAMBRIA


ALBION = Profile(
    here=BankName.ALBION,
    name="Albion Bank",
    port=8101,
    version="3.1",
    bic="ALBNGB2L",
    served=_ACCOUNTS | _PLANNED,
    answers={"code id_token": "fragment", "code": "query"},
    token_auth=("private_key_jwt",),
)
CAMBRIA = Profile(
    here=BankName.CAMBRIA,
    name="Cambria Bank",
    port=8110,
    version="4.0",
    bic="CMBRGB2L",
    served=_ACCOUNTS | _PLANNED | _ARRANGEMENTS,
    answers={"code": "jwt"},
    token_auth=("private_key_jwt", "client_secret_basic", "client_secret_post"),
)
PROFILES = {profile.here.value: profile for profile in (ALBION, CAMBRIA)}
