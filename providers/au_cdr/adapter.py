"""One Australian data holder, as the hub sees every bank: providers.port.Adapter."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from providers.au_cdr import normalize, revoked
from providers.au_cdr.authorise import Authoriser, sharing_duration
from providers.au_cdr.client import Client
from providers.au_cdr.settings import Settings
from providers.edge import edge, guarded, kept
from providers.errors import ContractBroken, ReconsentRequired
from providers.fapi.keys import HeldKeys
from providers.model import Account, Balance, Page, Status, Transaction
from providers.oauth.pkce import new_code_verifier
from providers.oauth.tokens import access_token, expires_at, held, refresh_token
from providers.port import Access, Capabilities, LinkRequest, LinkStart, LinkState, Psu, Redirect, RevocationNotice
from providers.registry import CatalogueError, Institution, settings_of
from providers.rows import Rows, only_row
from providers.tpp import Tpp
from providers.transport import Limits, Transport


class AuCdrAdapter:
    """The arrangement is the bank consent. It has an id only once the PSU has agreed."""

    def __init__(self, institution: Institution, tpp: Tpp, *, limits: Limits | None = None) -> None:
        settings = settings_of(institution, Settings)
        self.capabilities = Capabilities(
            standard="au_cdr",
            time_zone=settings.time_zone,
            rules_version=normalize.VERSION,
            max_history_days=institution.max_history_days,
        )
        self.calls_itself = settings.brand_id
        self._id = institution.id
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
        self._client = Client(transport, settings, self._zone)
        self._keys = HeldKeys(transport, settings.jwks_uri)

    def start(self, request: LinkRequest) -> LinkStart:
        with edge(self._id, "start"):
            verifier = new_code_verifier()
            sharing_s = int(sharing_duration(request).total_seconds())
            data = {"code_verifier": verifier, "sharing_s": str(sharing_s)}
            state = LinkState("", request.redirect_uri, request.state, request.nonce, data)
            return LinkStart(Redirect(self._authoriser.url(request, state, verifier)), state)

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        with edge(self._id, "finish"):
            tokens = self._authoriser.exchange(state, callback, now=now)
        until = now + timedelta(seconds=int(state.data.get("sharing_s", "0")))
        data = held(tokens, {}) | {"authorised": now.isoformat()}
        return Access(tokens.cdr_arrangement_id or "", expires_at(tokens, now), until, data)

    def refresh(self, access: Access, *, now: datetime) -> Access:
        with edge(self._id, "refresh"):
            tokens = self._authoriser.renew(refresh_token(access), now=now)
            data = {**access.data, **held(tokens, access.data)}
            return replace(access, expires_at=expires_at(tokens, now), data=data)

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        with edge(self._id, "accounts"):
            pages = self._client.accounts(access_token(access), _authorised(access), psu, parse=normalize.accounts)
            return kept(pages, self._id, "accounts")

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        def parse(body: bytes) -> Rows[Balance]:
            return normalize.balances(body, account=account)

        with edge(self._id, "balances"):
            token, since, account_id = access_token(access), _authorised(access), account.resource_id
            pages = self._client.balance(token, since, account_id, psu, parse=parse)
            return kept(pages, self._id, "balances")

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        def parse(body: bytes) -> Page:
            return normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)

        days = (date_from, date_to)
        with edge(self._id, "transactions"):
            token, since, account_id = access_token(access), _authorised(access), account.resource_id
            pages = self._client.transactions(token, since, account_id, days, psu, parse=parse)
        return guarded(pages, self._id, "transactions")

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        body = normalize.page_of(raw, status, trace)
        page = normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)
        return only_row(page.transactions, page.rejected)

    def revoke(self, access: Access) -> None:
        """An attempt that was never finished has no arrangement to end."""
        if access.bank_consent_id:
            with edge(self._id, "revoke"):
                self._authoriser.end(access.bank_consent_id, now=datetime.now(UTC))

    def revocation(
        self, unverified_bearer: str, unverified_notice: str, *, addresses: Collection[str], now: datetime
    ) -> RevocationNotice:
        with edge(self._id, "revocation"):
            if self.calls_itself is None:
                raise ContractBroken("the bank's file does not say what it calls itself (brand_id)")
            bearer = self._keys.signed_claims(unverified_bearer, what="bearer", now=now)
            arrangement = self._keys.signed_claims(unverified_notice, what="cdr_arrangement_jwt", now=now)
            return revoked.notice(bearer, arrangement, holder=self.calls_itself, addresses=addresses, now=now)


def _authorised(access: Access) -> datetime:
    """When the PSU last authenticated at the holder (x-fapi-auth-date)."""
    try:
        return datetime.fromisoformat(access.data.get("authorised", ""))
    except ValueError:
        raise ReconsentRequired("it is not known when the PSU authenticated") from None
