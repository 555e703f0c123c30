"""A person's SimpleFIN bridge, as the hub sees every bank: providers.port.AskingAdapter.

The person pastes a token; claiming it gives an Access URL with credentials that stay valid until they disable it at the
bridge. There is no consent to renew, no token to refresh, and nothing to tell the bridge when the link ends.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import NoReturn

from providers.door import Door
from providers.edge import edge, guarded, kept
from providers.errors import ContractBroken, ProviderError, Refused, Transient
from providers.model import Account, Balance, Page, Status, Transaction
from providers.port import Access, Ask, Capabilities, Field, LinkRequest, LinkStart, LinkState, Psu
from providers.registry import CatalogueError, Institution, settings_of
from providers.rows import BrokenRow
from providers.simplefin import normalize
from providers.simplefin.client import AccessUrl, Client, access_url, claim_url
from providers.simplefin.settings import Settings
from providers.tpp import Tpp

TOKEN = "setup_token"  # noqa: S105  # the name of a field
EXPLANATION = (
    "Make a token at your bridge and paste it here. It works once. The bridge shows us your accounts from then on; to "
    "end that wholly, disable the access there too."
)
NO_TOKEN = "That is no SimpleFIN token. Copy the whole of it: a long line of letters and digits."  # noqa: S105
SPENT = (
    "This token was used already, or never existed. If it was not you who used it, somebody else may see your "
    "accounts: disable the token at your bridge now. Then make a new one."
)
NOT_CALLED = "The token leads to an address that we do not call. Copy it once more from your bridge."
NO_ANSWER = "The bridge that the token names does not answer. Try the token again in a minute."
NO_ACCESS = "The bridge gave us no access for this token. Disable the token there and make a new one."
_MOST_CURRENCIES = 5


class SimpleFinAdapter:
    def __init__(self, institution: Institution, tpp: Tpp) -> None:
        self._settings = settings_of(institution, Settings)
        if tpp.door is None:
            raise CatalogueError(f"institution {institution.id}: SimpleFIN needs a door to addresses that people name")
        self.capabilities = Capabilities(
            standard="simplefin",
            max_history_days=institution.max_history_days,
            is_one_bank=False,
            rules_version=normalize.VERSION,
        )
        self._id = institution.id
        self._door: Door = tpp.door
        self._client = Client(self._door)

    def start(self, request: LinkRequest) -> LinkStart:
        """Nothing to ask the bridge yet."""
        return self._ask(LinkState("", request.redirect_uri, request.state, request.nonce))

    def advance(self, state: LinkState, answers: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        with edge(self._id, "advance"):
            url = claim_url(answers.get(TOKEN, ""))
            if url is None:
                return self._ask(state, NO_TOKEN)
            try:
                answer = self._client.claim(url)
            except Refused:
                return self._ask(state, NOT_CALLED)
            except Transient:
                return self._ask(state, NO_ANSWER)
            if answer.status == 403:
                return self._ask(state, SPENT)
            found = access_url(answer.body.decode("utf-8", "replace")) if answer.status == 200 else None
            if found is None:
                return self._ask(state, NO_ACCESS)
        name = sha256(f"{found.username}@{found.base}".encode()).hexdigest()[:32]
        data = {"base": found.base, "username": found.username, "password": found.password}
        return Access(name, expires_at=None, valid_until=None, data=data)

    def _ask(self, state: LinkState, error: str = "") -> LinkStart:
        token = Field(TOKEN, "SimpleFIN token", "secret", max_length=4000)
        return LinkStart(Ask((token,), EXPLANATION, error, self._settings.create_url), state)

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        """Nobody is ever sent away, so nobody comes back."""
        raise ContractBroken("SimpleFIN has no callback", institution_id=self._id, step="finish")

    def refresh(self, access: Access, *, now: datetime) -> Access:
        return access

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        with edge(self._id, "accounts"):
            body = self._client.accounts(self._url(access), [("balances-only", "1")])
            names = self._currency_names(normalize.custom_currencies(body))
            found = kept([normalize.accounts(body, names)], self._id, "accounts")
            if not found and normalize.notices(body):
                raise Refused("the bridge reports errors and shows no account")
            return found

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        """They came with the account: the bridge counts requests, so it is not asked twice."""
        with edge(self._id, "balances"):
            try:
                return normalize.balances(account.raw)
            except BrokenRow as error:
                raise ContractBroken(str(error), raw=account.raw) from None

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        with edge(self._id, "transactions"):
            url = self._url(access)
        return guarded(self._pages(url, account, date_from, date_to), self._id, "transactions")

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        """providers.port.Rereads: a row says all there is to know of it."""
        return normalize.transaction(raw, account)

    def revoke(self, access: Access) -> None:
        """The protocol has no such request: the person is told to disable the access at the bridge."""

    def _pages(self, url: AccessUrl, account: Account, date_from: date, date_to: date) -> Iterator[Page]:
        """One request for each window. Pending rows have no day, so they are asked for once, with the last one."""
        windows = _windows(date_from, date_to, self._settings.window_days)
        for number, (first, end) in enumerate(windows):
            is_last = number == len(windows) - 1
            query = [("account", account.resource_id), ("start-date", _epoch(first)), ("end-date", _epoch(end))]
            body = self._client.accounts(url, [*query, ("pending", "1")] if is_last else query)
            rows = normalize.transactions(body, account)
            if rows is None:
                raise Refused("the bridge no longer shows this account")
            yield Page(
                rows.values,
                None if is_last else str(number + 1),
                rows.rejected,
                notices=normalize.notices(body),
            )

    def _currency_names(self, urls: tuple[str, ...]) -> dict[str, str]:
        """A name that cannot be had costs nothing but the name."""
        found = {}
        for url in urls[:_MOST_CURRENCIES]:
            try:
                body = self._client.currency(url)
                if body is not None:
                    found[url] = normalize.currency_name(body)
            except ProviderError:
                continue
        return found

    def _url(self, access: Access) -> AccessUrl:
        try:
            return AccessUrl(access.data["base"], access.data["username"], access.data["password"])
        except KeyError:
            self._no_access()

    def _no_access(self) -> NoReturn:
        raise Refused("no Access URL is held")


def _windows(first: date, last: date, most_days: int) -> list[tuple[date, date]]:
    """[start, end) pairs that cover both days."""
    found = []
    end = last + timedelta(days=1)
    while first < end:
        following = min(first + timedelta(days=most_days), end)
        found.append((first, following))
        first = following
    return found or [(first, first + timedelta(days=1))]


def _epoch(day: date) -> str:
    return str(int(datetime.combine(day, time(), UTC).timestamp()))
