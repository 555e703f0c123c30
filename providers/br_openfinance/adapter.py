"""One bank of Open Finance Brasil, as the hub sees every bank: providers.port.AskingAdapter."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers import dates
from providers.br_openfinance import authorise, cards, normalize
from providers.br_openfinance.authorise import Authoriser
from providers.br_openfinance.client import Client
from providers.br_openfinance.cpf import cpf
from providers.br_openfinance.settings import Settings
from providers.edge import edge, guarded, kept
from providers.errors import ContractBroken, Refused
from providers.model import Account, AccountType, Balance, Page, Status, Transaction
from providers.oauth.pkce import new_code_verifier
from providers.oauth.tokens import access_token, expires_at, held, refresh_token
from providers.port import Access, Capabilities, LinkRequest, LinkStart, LinkState, Psu, Redirect, Resource
from providers.registry import CatalogueError, Institution, settings_of
from providers.resources import Statement
from providers.rows import BrokenRow, Rows, only_row
from providers.tpp import Tpp
from providers.transport import Limits, Transport


class BrOpenFinanceAdapter:
    def __init__(self, institution: Institution, tpp: Tpp, *, limits: Limits | None = None) -> None:
        settings = settings_of(institution, Settings)
        self.capabilities = Capabilities(
            standard="br_openfinance",
            time_zone=settings.time_zone,
            rules_version=normalize.VERSION,
            max_history_days=institution.max_history_days,
            resources=frozenset({Resource.STATEMENTS}) if settings.credit_cards else frozenset(),
        )
        self._id = institution.id
        self._settings = settings
        self._rules = institution.rules
        try:
            self._zone = ZoneInfo(settings.time_zone)
            transport = Transport(
                institution.id,
                settings.urls,
                client_certificate=tpp.client_certificate,
                ca_bundle=settings.ca_bundle,
                limits=limits,
                heard=tpp.heard,
            )
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise CatalogueError(f"institution {institution.id}: api: {error}") from None
        self._authoriser = Authoriser(transport, settings, tpp)
        self._client = Client(transport, settings)

    def start(self, request: LinkRequest) -> LinkStart:
        """No bank is called yet: it wants to know who will come, and only the PSU can say."""
        data = {"until": request.valid_until.isoformat()}
        state = LinkState("", request.redirect_uri, request.state, request.nonce, data)
        return LinkStart(authorise.ask_for_cpf(), state)

    def advance(self, state: LinkState, answers: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        number = cpf(answers.get(authorise.CPF, ""))
        if number is None:
            return LinkStart(authorise.ask_for_cpf(was_wrong=True), state)
        with edge(self._id, "advance"):
            body = authorise.consent_request(number, state.data.get("until", ""), self._settings.asked_permissions)
            consent = self._client.create_consent(self._authoriser.app_token(now), body)
            verifier = new_code_verifier()
            url = self._authoriser.url(state, consent.consent_id, verifier, now=now)
        return LinkStart(
            Redirect(url), replace(state, bank_consent_id=consent.consent_id, data={"code_verifier": verifier})
        )

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        with edge(self._id, "finish"):
            tokens = self._authoriser.exchange(state, callback, now=now)
            consent = self._client.consent(self._authoriser.app_token(now), state.bank_consent_id)
            if consent.status != "AUTHORISED":
                raise authorise.not_authorised(consent)
            until = _valid_until(consent.expiration_date_time)
        return Access(state.bank_consent_id, expires_at(tokens, now), until, held(tokens, {}))

    def refresh(self, access: Access, *, now: datetime) -> Access:
        with edge(self._id, "refresh"):
            tokens = self._authoriser.renew(refresh_token(access), now=now)
            return replace(access, expires_at=expires_at(tokens, now), data=held(tokens, access.data))

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        with edge(self._id, "accounts"):
            token = access_token(access)
            found = kept(self._client.accounts(token, psu, parse=normalize.accounts), self._id, "accounts")
            if self._settings.credit_cards:
                with suppress(Refused):  # a bank without cards, or a consent from before they were asked for
                    found += kept(self._client.cards(token, psu, parse=cards.accounts), self._id, "accounts")
            return found

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        def parse(body: bytes) -> Rows[Balance]:
            return normalize.balances(body, zone=self._zone)

        with edge(self._id, "balances"):
            token, account_id = access_token(access), account.resource_id
            if account.type is AccountType.CARD:
                return self._card_balances(token, account_id, psu)
            found = kept(self._client.balances(token, account_id, psu, parse=parse), self._id, "balances")
            if self._settings.overdraft_limits:
                with suppress(Refused):  # an account without an overdraft
                    found = normalize.with_limit(found, self._client.overdraft_limits(token, account_id, psu))
            return found

    def _card_balances(self, token: str, card_id: str, psu: Psu | None) -> tuple[Balance, ...]:
        """By the limits; by the bills where the limits do not say."""
        found: tuple[Balance, ...] = ()
        with suppress(Refused):
            limits = kept(self._client.card_limits(token, card_id, psu, parse=cards.limits), self._id, "balances")
            found = cards.balances_of_limits(limits)
        return found or cards.balance_of_bills(self._bills(token, card_id, psu))

    def _bills(self, token: str, card_id: str, psu: Psu | None) -> tuple[Statement, ...]:
        def parse(body: bytes) -> Rows[Statement]:
            return cards.bills(body, zone=self._zone)

        return kept(self._client.bills(token, card_id, psu, parse=parse), self._id, "statements")

    def statements(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Statement, ...]:
        """The closed bills of a card; other accounts have none."""
        if account.type is not AccountType.CARD:
            return ()
        with edge(self._id, "statements"):
            return self._bills(access_token(access), account.resource_id, psu)

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        is_card = account.type is AccountType.CARD
        read = cards.transactions if is_card else normalize.transactions

        def parse(body: bytes) -> Page:
            return read(body, account=account, rules=self._rules, zone=self._zone)

        days = (date_from, date_to)
        with edge(self._id, "transactions"):
            ask = self._client.card_transactions if is_card else self._client.transactions
            pages = ask(access_token(access), account.resource_id, days, psu, parse=parse)
        return guarded(pages, self._id, "transactions")

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        read = cards.transactions if account.type is AccountType.CARD else normalize.transactions
        body = normalize.page_of(raw, status, trace)
        page = read(body, account=account, rules=self._rules, zone=self._zone)
        return only_row(page.transactions, page.rejected)

    def revoke(self, access: Access) -> None:
        """An attempt that got no further than the question has no consent to end."""
        if access.bank_consent_id:
            with edge(self._id, "revoke"):
                token = self._authoriser.app_token(datetime.now(UTC))
                self._client.delete_consent(token, access.bank_consent_id)


def _valid_until(expiration: str | None) -> datetime | None:
    """None for a consent without an end."""
    try:
        return dates.moment(expiration, "expirationDateTime", zone=UTC)
    except BrokenRow as error:
        raise ContractBroken(str(error)) from None
