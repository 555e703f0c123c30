"""One STET bank, as the hub sees every bank: providers.port.Adapter."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.edge import edge, guarded, kept
from providers.errors import ReconsentRequired
from providers.model import Account, Balance, Identifier, Money, Page, Status, Transaction
from providers.oauth import callback as callbacks
from providers.oauth.revocation import RevocationEndpoint
from providers.oauth.tokens import TokenEndpoint, access_token, expires_at, held, refresh_token
from providers.port import Access, Capabilities, LinkRequest, LinkStart, LinkState, Psu, Resource
from providers.registry import CatalogueError, Institution, settings_of
from providers.resources import Beneficiary, FundsConfirmation, PartyOfAccount
from providers.rows import Rows, only_row
from providers.stet import authorise, normalize
from providers.stet.client import Client
from providers.stet.identity import client_auth_for, signer_for
from providers.stet.settings import Settings
from providers.tpp import Tpp
from providers.transport import Limits, Transport


class StetAdapter:
    """The TPP is known by its certificate and its HTTP signature, the PSU's consent by the OAuth grant."""

    def __init__(self, institution: Institution, tpp: Tpp, *, limits: Limits | None = None) -> None:
        settings = settings_of(institution, Settings)
        self.capabilities = Capabilities(
            standard="stet",
            time_zone=settings.time_zone,
            rules_version=normalize.VERSION,
            max_history_days=institution.max_history_days,
            resources=frozenset(Resource(one) for one in settings.offers),
        )
        self._id = institution.id
        self._settings = settings
        self._rules = institution.rules
        try:
            self._zone = ZoneInfo(settings.time_zone)
            sign = signer_for(settings, tpp)
            auth = client_auth_for(settings, tpp)
            doors = (
                settings.token_endpoint,
                *((settings.revocation_endpoint,) if settings.revocation_endpoint else ()),
            )
            signs_tokens = settings.signing is not None and settings.signing.token_endpoint
            at_door, at_desk = (
                Transport(
                    institution.id,
                    urls,
                    client_certificate=tpp.client_certificate,
                    ca_bundle=settings.ca_bundle,
                    sign=signs,
                    limits=limits,
                    heard=tpp.heard,
                )
                for urls, signs in ((doors, sign if signs_tokens else None), ((settings.resource_base,), sign))
            )
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise CatalogueError(f"institution {institution.id}: api: {error}") from None
        self._tokens = TokenEndpoint(at_door, settings.token_endpoint, auth)
        ends = settings.revocation_endpoint
        self._revocation = RevocationEndpoint(at_door, ends, auth) if ends else None
        self._client = Client(at_desk, settings)

    def start(self, request: LinkRequest) -> LinkStart:
        return authorise.start(request, self._settings, scope=self._settings.scope, data={})

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        with edge(self._id, "finish"):
            callbacks.check_state(callback, state.state)
            tokens = self._tokens.ask(authorise.code_grant(state, callbacks.code_of(callback)), now=now)
            return authorise.granted(state, tokens, self._settings, now=now, ends=expires_at(tokens, now))

    def refresh(self, access: Access, *, now: datetime) -> Access:
        with edge(self._id, "refresh"):
            tokens = self._tokens.renew(refresh_token(access), now=now)
            data = {**access.data, **held(tokens, access.data)}
            return replace(access, expires_at=expires_at(tokens, now), data=data)

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        """In the mixed detailed model the PSU's consent is forwarded first, whenever the bank shows an account that
        it does not cover: after linking, and when the PSU opened a new one."""
        with edge(self._id, "accounts"):
            found = self._accounts(access, psu)
            if self._settings.consent_model == "detailed" and any(map(authorise.is_unnamed, found)):
                body = authorise.consents(found, self._settings)
                self._client.put_consents(access_token(access), body, psu)
                found = self._accounts(access, psu)
            return found

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        def parse(body: bytes) -> Rows[Balance]:
            return normalize.balances(body, currency=account.currency, zone=self._zone)

        with edge(self._id, "balances"):
            pages = self._client.balances(access_token(access), account.resource_id, psu, parse=parse)
            return kept(pages, self._id, "balances")

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        def parse(body: bytes) -> Page:
            return normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)

        def pages() -> Iterator[Page]:
            token = access_token(access)
            periods = _periods(date_from, date_to, self._settings.max_days)
            for at, days in enumerate(periods, 1):
                for page in self._client.transactions(token, account.resource_id, days, psu, parse=parse):
                    is_last_of_more = page.next is None and at < len(periods)
                    yield replace(page, next=days[0].isoformat()) if is_last_of_more else page

        return guarded(pages(), self._id, "transactions")

    def beneficiaries(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Beneficiary, ...]:
        """The standard keeps them per PSU: the same for each of their accounts."""
        with edge(self._id, "beneficiaries"):
            pages = self._client.beneficiaries(access_token(access), psu, parse=normalize.beneficiaries)
            return kept(pages, self._id, "beneficiaries")

    def parties(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[PartyOfAccount, ...]:
        with edge(self._id, "parties"):
            token, account_id = access_token(access), account.resource_id
            pages = self._client.owners(token, account_id, psu, parse=normalize.parties)
            return kept(pages, self._id, "parties")

    def start_funds(self, request: LinkRequest, debtor: Identifier, *, name: str | None = None) -> LinkStart:
        data = {"debtor": authorise.debtor_text(debtor)}
        return authorise.start(request, self._settings, scope=authorise.FUNDS_SCOPE, data=data)

    def confirm_funds(self, access: Access, money: Money, *, reference: str) -> FundsConfirmation:
        with edge(self._id, "confirm_funds"):
            body = authorise.coverage(access, money, reference, self._settings)
            return FundsConfirmation(self._client.confirm_funds(access_token(access), body))

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        body = normalize.page_of(raw, status, trace)
        page = normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)
        return only_row(page.transactions, page.rejected)

    def revoke(self, access: Access) -> None:
        """What of a grant a TPP can end: the forwarded consent, and the tokens where the bank takes them back."""
        now = datetime.now(UTC)
        with edge(self._id, "revoke"):
            if self._settings.consent_model == "detailed":
                with suppress(ReconsentRequired):  # the grant has ended already
                    self._client.put_consents(access_token(access), authorise.consents((), self._settings), None)
            if self._revocation is None:
                return
            for hint in ("refresh_token", "access_token"):
                if token := access.data.get(hint):
                    self._revocation.revoke(token, hint, now=now)

    def _accounts(self, access: Access, psu: Psu | None) -> tuple[Account, ...]:
        def parse(body: bytes) -> Rows[Account]:
            return normalize.accounts(body, currency=self._settings.currency)

        found = kept(self._client.accounts(access_token(access), psu, parse=parse), self._id, "accounts")
        return tuple({one.resource_id: one for one in reversed(found)}.values())[::-1]  # pages may overlap


def _periods(date_from: date, date_to: date, max_days: int | None) -> list[tuple[date, date]]:
    """The days in pieces that the bank answers, both ends included, the latest first."""
    if max_days is None:
        return [(date_from, date_to)]
    found: list[tuple[date, date]] = []
    end = date_to
    while end >= date_from:
        start = max(date_from, end - timedelta(days=max_days - 1))
        found.append((start, end))
        end = start - timedelta(days=1)
    return found or [(date_from, date_to)]
