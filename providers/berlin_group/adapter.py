"""One Berlin Group bank, as the hub sees every bank: providers.port.Adapter."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.berlin_group import authorise, first, normalize, report, sca, signing, standing_orders
from providers.berlin_group.client import CARD, Client
from providers.berlin_group.oauth import AuthorisationServer
from providers.berlin_group.passwords import Passwords
from providers.berlin_group.settings import Settings
from providers.berlin_group.steps import Steps
from providers.berlin_group.versions import version_of
from providers.edge import edge, guarded, kept
from providers.errors import Refused
from providers.model import Account, Balance, Page, Status, Transaction
from providers.port import Access, Capabilities, LinkRequest, LinkStart, LinkState, Psu, Resource
from providers.registry import CatalogueError, Institution, settings_of
from providers.resources import StandingOrder
from providers.rows import Rows, only_row
from providers.tpp import Tpp
from providers.transport import Limits, Transport


class BerlinGroupAdapter:
    """The TPP is known by its certificate (QWAC): the consent id is the right to read, and a token beside it only where
    the bank authorises consents by OAuth."""

    def __init__(self, institution: Institution, tpp: Tpp, *, limits: Limits | None = None) -> None:
        settings = settings_of(institution, Settings)
        self.capabilities = Capabilities(
            standard="berlin_group",
            time_zone=settings.time_zone,
            rules_version=normalize.VERSION,
            pending=settings.booking_status != "booked",
            max_history_days=institution.max_history_days,
            resources=frozenset({Resource.STANDING_ORDERS} if settings.standing_orders else ()),
            by_transactions=frozenset({Resource.STANDING_ORDERS}),
        )
        self._id = institution.id
        self._rules = institution.rules
        self._settings = settings
        self._version = version_of(institution.version)
        try:
            self._zone = ZoneInfo(settings.time_zone)
            transport = Transport(
                institution.id,
                (settings.base_url, *_more_urls(settings)),
                client_certificate=tpp.client_certificate,
                ca_bundle=settings.ca_bundle,
                sign=signing.signer_for(settings.signing, self._version, tpp),
                check=signing.checker_for(settings.answers, self._version),
                limits=limits,
                heard=tpp.heard,
            )
            base = urlsplit(settings.base_url)
            own_origins = (f"{base.scheme}://{base.netloc}",)
            passwords = Passwords(transport, settings.password_key) if settings.password_key else None
            self._oauth = _server(transport, settings, tpp, own_origins)
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise CatalogueError(f"institution {institution.id}: api: {error}") from None
        self._client = Client(transport, settings, self._version)
        self._steps = Steps(self._client, own_origins, self._oauth, passwords, self._version)

    def start(self, request: LinkRequest) -> LinkStart:
        data = {"valid_until": request.valid_until.isoformat()}
        state = LinkState("", request.redirect_uri, request.state, request.nonce, data)
        with edge(self._id, "start"):
            if self._oauth is not None and self._settings.pre_step is not None:
                return self._oauth.begin_pre_step(state, self._settings.pre_step)
            return self._let_in(state, request.psu)

    def _let_in(self, state: LinkState, psu: Psu) -> LinkStart:
        """The first step of ours: what the bank wants to know before there is a consent, or the consent."""
        if first.is_asked(self._settings):
            return LinkStart(first.ask(self._settings), state)
        return self._begun(state, {}, (), psu)

    def advance(self, state: LinkState, answers: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        with edge(self._id, "advance"):
            if state.bank_consent_id:
                return self._steps.advance(state, answers, psu)
            if wrong := sca.missing(answers):
                return LinkStart(first.ask(self._settings, wrong), state)
            try:
                ibans = first.ibans(answers) if self._settings.consent_model == "dedicated" else ()
            except ValueError as problem:
                return LinkStart(first.ask(self._settings, str(problem)), state)
            return self._begun(state, sca.psu_headers(answers), ibans, psu)

    def _begun(self, state: LinkState, headers: Mapping[str, str], ibans: tuple[str, ...], psu: Psu) -> LinkStart:
        """The bank consent, and the first step of its authorisation."""
        body = authorise.consent_request(
            self._settings, self._version, date.fromisoformat(state.data["valid_until"]), ibans
        )
        sent = {
            **self._version.approach(self._settings.approach),
            **authorise.redirect_headers(state, self._version),
            **headers,
        }
        created, told = self._client.create_consent(body, sent | authorise.bearer(state), psu)
        kept = authorise.kept_tokens(authorise.granted(state))
        return self._steps.begin(replace(state, bank_consent_id=created.consent_id, data=kept), told, psu)

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        with edge(self._id, "finish"):
            authorise.check_callback(state, callback)
            given = authorise.granted(state)
            if self._oauth is not None and "code_verifier" in state.data:
                given = self._oauth.granted(state, callback, now=now)
                if not state.bank_consent_id:
                    kept = {"valid_until": state.data["valid_until"], **authorise.kept_tokens(given)}
                    return self._let_in(state.onward(kept), psu)
            return self._steps.returned(state, given, callback, psu)

    def refresh(self, access: Access, *, now: datetime) -> Access:
        """Fresh tokens where OAuth gave any; else the same access for as long as the bank consent is valid."""
        with edge(self._id, "refresh"):
            if self._oauth is not None and "access_token" in access.data:
                fresh = self._oauth.renewed(access, now=now)
                if fresh is not access:
                    return fresh  # at once: it may hold the only refresh token that is still good
            status = self._client.consent_status(access.bank_consent_id, authorise.bearer(access))
            if status != "valid":
                raise authorise.ended(status)
            return access

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        with edge(self._id, "accounts"):
            pages = self._client.accounts(authorise.right(access), psu, parse=self._listed)
            found = normalize.told_apart(kept(pages, self._id, "accounts"))
            return (*found, *self._cards(access, psu)) if self._settings.card_accounts else found

    def _listed(self, body: bytes) -> Rows[Account]:
        """Balances that came without being asked for may be any: only those that the bank is known to give count."""
        page = normalize.accounts(body, rules=self._rules, zone=self._zone)
        if self._settings.balances_with_accounts:
            return page
        return replace(page, values=tuple(replace(one, balances=None) for one in page.values))

    def _cards(self, access: Access, psu: Psu | None) -> tuple[Account, ...]:
        pages = self._client.card_accounts(authorise.right(access), psu, parse=self._listed)
        try:
            found = kept(pages, self._id, "accounts")
        except Refused:
            return ()  # who has no card there, or gave none, is told so in as many ways as there are banks
        return tuple(replace(one, resource_id=CARD + one.resource_id) for one in normalize.told_apart(found))

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        def parse(body: bytes) -> Rows[Balance]:
            return normalize.balances(body, account=account, rules=self._rules, zone=self._zone)

        with edge(self._id, "balances"):
            pages = self._client.balances(authorise.right(access), account.resource_id, psu, parse=parse)
            return kept(pages, self._id, "balances")

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        def parse(body: bytes) -> Page:
            return normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)

        def pages() -> Iterator[Page]:
            right, account_id = authorise.right(access), account.resource_id
            for at, status in enumerate(statuses, 1):
                for page in self._client.transactions(right, account_id, days, status, psu, parse=parse):
                    is_last_of_more = page.next is None and at < len(statuses)
                    yield replace(page, next=statuses[at]) if is_last_of_more else page

        days = (date_from, date_to)
        how = self._settings.booking_status
        statuses = ("booked", "pending") if how == "separate" else (how,)
        return guarded(pages(), self._id, "transactions")

    def standing_orders(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[StandingOrder, ...]:
        def parse(body: bytes) -> Page:
            return normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)

        with edge(self._id, "standing_orders"):
            if Resource.STANDING_ORDERS not in self.capabilities.resources:
                raise Refused("the bank lists no standing orders")
            right = authorise.right(access)
            pages = self._client.standing_orders(right, account.resource_id, psu, parse=parse)
            return tuple(one for page in pages for one in standing_orders.standing_orders(page))

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        if report.is_row(raw):
            return report.reread(raw, status, account, trace=trace, rules=self._rules, zone=self._zone)
        body = normalize.page_of(raw, status, trace)
        page = normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)
        return only_row(page.transactions, page.rejected)

    def revoke(self, access: Access) -> None:
        """Of an attempt that came to no bank consent there is nothing to end."""
        with edge(self._id, "revoke"):
            if access.bank_consent_id:
                self._client.delete_consent(access.bank_consent_id, authorise.bearer(access))


def _more_urls(settings: Settings) -> tuple[str, ...]:
    """What else of the bank its file names, and we call."""
    first = settings.pre_step.urls() if settings.pre_step else ()
    key = settings.password_key.jwks_url if settings.password_key else None
    return (*settings.link_urls, *first, *((key,) if key else ()))


def _server(
    transport: Transport, settings: Settings, tpp: Tpp, own_origins: tuple[str, ...]
) -> AuthorisationServer | None:
    """Raises ValueError."""
    if settings.oauth is None:
        if settings.pre_step is not None:
            raise ValueError("pre_step needs oauth: how the bank's authorisation server knows us")
        return None
    return AuthorisationServer(transport, settings.oauth, tpp, own_origins)
