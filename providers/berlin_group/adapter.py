"""One Berlin Group bank, as the hub sees every bank: providers.port.Adapter."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.berlin_group import authorise, normalize
from providers.berlin_group.client import Client
from providers.berlin_group.settings import Settings
from providers.berlin_group.steps import Steps
from providers.edge import edge, guarded, kept
from providers.model import Account, Balance, Page, Status, Transaction
from providers.port import Access, Capabilities, LinkRequest, LinkStart, LinkState, Psu
from providers.registry import CatalogueError, Institution, settings_of
from providers.rows import Rows, only_row
from providers.tpp import Tpp
from providers.transport import Limits, Transport


class BerlinGroupAdapter:
    """The TPP is known by its certificate (QWAC), so there is no token: the consent id is the right to read."""

    def __init__(self, institution: Institution, tpp: Tpp, *, limits: Limits | None = None) -> None:
        settings = settings_of(institution, Settings)
        self.capabilities = Capabilities(
            standard="berlin_group",
            time_zone=settings.time_zone,
            rules_version=normalize.VERSION,
            pending=settings.booking_status == "both",
            max_history_days=institution.max_history_days,
        )
        self._id = institution.id
        self._rules = institution.rules
        self._settings = settings
        try:
            self._zone = ZoneInfo(settings.time_zone)
            transport = Transport(
                institution.id,
                (settings.base_url, *settings.link_urls),
                client_certificate=tpp.client_certificate,
                ca_bundle=settings.ca_bundle,
                limits=limits,
            )
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise CatalogueError(f"institution {institution.id}: api: {error}") from None
        base = urlsplit(settings.base_url)
        self._client = Client(transport, settings)
        self._steps = Steps(self._client, (f"{base.scheme}://{base.netloc}",))

    def start(self, request: LinkRequest) -> LinkStart:
        with edge(self._id, "start"):
            headers = authorise.approach_headers(self._settings.approach)
            headers |= authorise.redirect_headers(request.redirect_uri, request.state)
            created, told = self._client.create_consent(authorise.consent_request(request), headers, request.psu)
            state = LinkState(created.consent_id, request.redirect_uri, request.state, request.nonce)
            return self._steps.begin(state, told, request.psu)

    def advance(self, state: LinkState, answers: Mapping[str, str], *, now: datetime, psu: Psu) -> Access | LinkStart:
        with edge(self._id, "advance"):
            return self._steps.advance(state, answers, psu)

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        with edge(self._id, "finish"):
            authorise.check_callback(state, callback)
            status = self._client.consent_status(state.bank_consent_id)
            return authorise.access(self._client, state.bank_consent_id, status, callback)

    def refresh(self, access: Access, *, now: datetime) -> Access:
        """There is no token to renew: the same access for as long as the bank consent is valid."""
        with edge(self._id, "refresh"):
            status = self._client.consent_status(access.bank_consent_id)
            if status != "valid":
                raise authorise.ended(status)
            return access

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        with edge(self._id, "accounts"):
            pages = self._client.accounts(access.bank_consent_id, psu, parse=normalize.accounts)
            return kept(pages, self._id, "accounts")

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        def parse(body: bytes) -> Rows[Balance]:
            return normalize.balances(body, account=account, rules=self._rules, zone=self._zone)

        with edge(self._id, "balances"):
            pages = self._client.balances(access.bank_consent_id, account.resource_id, psu, parse=parse)
            return kept(pages, self._id, "balances")

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        def parse(body: bytes) -> Page:
            return normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)

        days = (date_from, date_to)
        with edge(self._id, "transactions"):
            consent_id, account_id = access.bank_consent_id, account.resource_id
            pages = self._client.transactions(consent_id, account_id, days, psu, parse=parse)
        return guarded(pages, self._id, "transactions")

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        body = normalize.page_of(raw, status, trace)
        page = normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)
        return only_row(page.transactions, page.rejected)

    def revoke(self, access: Access) -> None:
        with edge(self._id, "revoke"):
            self._client.delete_consent(access.bank_consent_id)
