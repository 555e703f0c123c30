"""One UK Open Banking bank, as the hub sees every bank: providers.port.Adapter."""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers import dates
from providers.edge import edge, guarded, kept
from providers.errors import ContractBroken, Refused, Transient
from providers.model import Account, Balance, Page
from providers.oauth.pkce import new_code_verifier
from providers.oauth.tokens import access_token, expires_at, held, refresh_token
from providers.port import Access, Capabilities, LinkRequest, LinkStart, LinkState, Psu, Redirect
from providers.registry import CatalogueError, Institution, settings_of
from providers.rows import BrokenRow, Rows
from providers.tpp import Tpp
from providers.transport import Limits, Transport
from providers.uk_obie import normalize
from providers.uk_obie.authorise import Authoriser, consent_request
from providers.uk_obie.client import Client
from providers.uk_obie.settings import Settings

log = logging.getLogger(__name__)

# OBReadConsentResponse1.Data.Status, with version 4's codes. A bank that has issued tokens and still says "awaiting"
# is slow to write, not of two minds.
_STANDING = frozenset({"Authorised", "AUTH", "AwaitingAuthorisation", "AWAU"})


class UkObieAdapter:
    def __init__(self, institution: Institution, tpp: Tpp, *, limits: Limits | None = None) -> None:
        settings = settings_of(institution, Settings)
        self.capabilities = Capabilities(standard="uk_obie", max_history_days=institution.max_history_days)
        self._id = institution.id
        self._settings = settings
        try:
            self._zone = ZoneInfo(settings.time_zone)
            transport = Transport(
                institution.id,
                settings.urls,
                client_certificate=tpp.client_certificate,
                ca_bundle=settings.ca_bundle,
                limits=limits,
            )
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise CatalogueError(f"institution {institution.id}: api: {error}") from None
        self._authoriser = Authoriser(transport, settings, tpp)
        self._client = Client(transport, settings)

    def start(self, request: LinkRequest) -> LinkStart:
        with edge(self._id, "start"):
            token = self._authoriser.app_token(request.now)
            body = consent_request(request, self._settings.permissions)
            consent = self._client.create_consent(token, body)
            _valid_until(consent.expiration_date_time)
            verifier = new_code_verifier()
            url = self._authoriser.url(request, consent.consent_id, verifier)
        data = {"code_verifier": verifier, "expiration": consent.expiration_date_time or ""}
        state = LinkState(consent.consent_id, request.redirect_uri, request.state, request.nonce, data)
        return LinkStart(Redirect(url), state)

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        with edge(self._id, "finish"):
            code = self._authoriser.code_from(state, callback)
            tokens = self._authoriser.exchange(state, code, now=now)
            return Access(
                bank_consent_id=state.bank_consent_id,
                expires_at=expires_at(tokens, now),
                valid_until=self._confirmed_until(state, now),
                data=held(tokens, {}),
            )

    def _confirmed_until(self, state: LinkState, now: datetime) -> datetime | None:
        """The end that the bank names, once it has confirmed that the consent stands.

        The code is spent by now and the ID token has named this consent, so a bank that cannot be asked just now does
        not lose the PSU their link: the end is then the one it named when the consent was made.
        """
        expiration: str | None = state.data.get("expiration")
        try:
            consent = self._client.consent(self._authoriser.app_token(now), state.bank_consent_id)
        except Transient as error:
            log.warning("%s: the bank consent could not be read back: %s", self._id, error.reason)
        else:
            if consent.status not in _STANDING:
                raise Refused("the bank consent was not authorised", code="access_denied")
            expiration = consent.expiration_date_time
        return _valid_until(expiration)

    def refresh(self, access: Access, *, now: datetime) -> Access:
        with edge(self._id, "refresh"):
            tokens = self._authoriser.renew(refresh_token(access), now=now)
            data = held(tokens, access.data)
            return Access(access.bank_consent_id, expires_at(tokens, now), access.valid_until, data)

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        with edge(self._id, "accounts"):
            pages = self._client.accounts(access_token(access), psu, parse=normalize.accounts)
            return kept(pages, self._id, "accounts")

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        def parse(body: bytes) -> Rows[Balance]:
            return normalize.balances(body, account_id=account.resource_id, zone=self._zone)

        with edge(self._id, "balances"):
            pages = self._client.balances(access_token(access), account.resource_id, psu, parse=parse)
            return kept(pages, self._id, "balances")

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        def parse(body: bytes) -> Page:
            return normalize.transactions(body, own=account.identifiers)

        days = (date_from, date_to)
        with edge(self._id, "transactions"):
            pages = self._client.transactions(access_token(access), account.resource_id, days, psu, parse=parse)
        return guarded(pages, self._id, "transactions")

    def revoke(self, access: Access) -> None:
        with edge(self._id, "revoke"):
            token = self._authoriser.app_token(datetime.now(UTC))
            self._client.delete_consent(token, access.bank_consent_id)


def _valid_until(expiration: str | None) -> datetime | None:
    try:
        return dates.moment(expiration, "ExpirationDateTime", zone=UTC)
    except BrokenRow as error:
        raise ContractBroken(str(error)) from None
