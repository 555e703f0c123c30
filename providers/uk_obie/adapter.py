"""One UK Open Banking bank, as the hub sees every bank: the port's Adapter, AccountResources, FundsConfirmations."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from providers.edge import edge, guarded, kept
from providers.errors import ReconsentRequired, Refused, Transient
from providers.model import Account, Balance, Identifier, Money, Page, Status, Transaction
from providers.oauth.pkce import new_code_verifier
from providers.oauth.tokens import access_token, expires_at, refresh_token
from providers.port import Access, Capabilities, LinkRequest, LinkStart, LinkState, Psu, Redirect, Resource
from providers.registry import CatalogueError, Institution, settings_of
from providers.resources import (
    Beneficiary,
    DirectDebit,
    FundsConfirmation,
    Offer,
    PartyOfAccount,
    Product,
    ScheduledPayment,
    StandingOrder,
    Statement,
)
from providers.rows import Rows, only_row
from providers.tpp import Tpp
from providers.transport import Limits
from providers.uk_obie import families, normalize, resources
from providers.uk_obie.authorise import Authoriser
from providers.uk_obie.client import Client, named_key, transport_for
from providers.uk_obie.families import Family
from providers.uk_obie.permissions import covered, permissions_for
from providers.uk_obie.settings import Settings
from providers.uk_obie.values import told_moment

log = logging.getLogger(__name__)
T = TypeVar("T")

# OBReadConsentResponse1.Data.Status, with version 4's codes. A bank that has issued tokens and still says "awaiting"
# is slow to write, not of two minds.
_STANDING = frozenset({"Authorised", "AUTH", "AwaitingAuthorisation", "AWAU"})

# What an account is in where it does not say.
_CURRENCIES = {"GB": "GBP", "IE": "EUR"}

# What an access holds beside its tokens, and keeps when they are renewed.
_LASTING = ("family", "redirect_uri", "accounts")


class UkObieAdapter:
    def __init__(self, institution: Institution, tpp: Tpp, *, limits: Limits | None = None) -> None:
        settings = settings_of(institution, Settings)
        tpp = named_key(settings, tpp)
        self.capabilities = Capabilities(
            standard="uk_obie",
            time_zone=settings.time_zone,
            rules_version=normalize.VERSION,
            max_history_days=institution.max_history_days,
            resources=frozenset(settings.resources),
        )
        self._id = institution.id
        self._settings = settings
        self._rules = institution.rules
        self._currency = settings.currency or _CURRENCIES.get(institution.country)
        try:
            self._zone = ZoneInfo(settings.time_zone)
            self._permissions = permissions_for(settings.permissions, settings.resources, settings.permissions_remove)
            transport = transport_for(institution.id, settings, tpp, limits)
            self._authoriser = Authoriser(transport, settings, tpp)
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise CatalogueError(f"institution {institution.id}: api: {error}") from None
        self._families = families.of(settings)
        self._client = Client(transport, settings, tpp)

    def start(self, request: LinkRequest) -> LinkStart:
        with edge(self._id, "start"):
            body = families.accounts_consent(request, self._permissions, self._settings.consent_sends)
            return self._started(request, self._families["aisp"], body)

    def start_funds(self, request: LinkRequest, debtor: Identifier, *, name: str | None = None) -> LinkStart:
        with edge(self._id, "start"):
            family = self._families.get("funds")
            if family is None or Resource.CONFIRM_FUNDS not in self.capabilities.resources:
                raise Refused("this bank confirms no funds", code="not_offered")
            body = families.funds_consent(request, debtor, name, self._settings.consent_sends)
            return self._started(request, family, body)

    def _started(self, request: LinkRequest, family: Family, body: bytes) -> LinkStart:
        token = self._authoriser.app_token(request.now, scope=family.app_scope)
        consent = self._client.create_consent(family.consents, token, body, now=request.now)
        ends = consent.expiration_date_time
        verifier = new_code_verifier()
        url = self._authoriser.url(request, consent.consent_id, code_verifier=verifier, scope=family.scope)
        covers = covered(self.capabilities.resources, consent.permissions or self._permissions)
        data = {
            "code_verifier": verifier,
            "expiration": ends or "",
            "family": family.name,
            "resources": " ".join(sorted(covers)),
        }
        nonce = self._authoriser.nonce_for(request)
        return LinkStart(Redirect(url), LinkState(consent.consent_id, request.redirect_uri, request.state, nonce, data))

    def finish(self, state: LinkState, callback: Mapping[str, str], *, now: datetime, psu: Psu) -> Access:
        with edge(self._id, "finish"):
            family = self._family(state.data)
            tokens = self._authoriser.finish(state, callback, scope=family.scope, now=now)
            lasting = {} if family.name == "aisp" else {"family": family.name}
            if "redirect_uri" in self._settings.tokens.refresh_with:
                lasting["redirect_uri"] = state.redirect_uri
            access = Access(
                bank_consent_id=state.bank_consent_id,
                expires_at=expires_at(tokens, now, at_most_s=self._settings.tokens.expires_in_s),
                valid_until=self._confirmed_until(state, family, now),
                data=lasting | self._held(tokens.access_token, tokens.refresh_token, ""),
                resources=_resources(state, family),
            )
            return self._with_accounts(access, psu) if self._settings.accounts_at_link else access

    def _confirmed_until(self, state: LinkState, family: Family, now: datetime) -> datetime | None:
        """The end that the bank names, once it has confirmed that the consent stands.

        The code is spent by now and the ID token has named this consent, so a bank that cannot be asked just now does
        not lose the PSU their link: the end is then the one it named when the consent was made.
        """
        ends: str | None = state.data.get("expiration")
        try:
            token = self._authoriser.app_token(now, scope=family.app_scope)
            consent = self._client.consent(family.consents, token, state.bank_consent_id)
        except Transient as error:
            log.warning("%s: the bank consent could not be read back: %s", self._id, error.reason)
        else:
            if consent.status not in _STANDING:
                raise Refused("the bank consent was not authorised", code="access_denied")
            ends = consent.expiration_date_time
        return told_moment(ends, UTC)  # an end that cannot be read is none that is known

    def _with_accounts(self, access: Access, psu: Psu) -> Access:
        """``access`` with the list of accounts, as the bank wrote it. The code is spent by now: a bank that cannot be
        read just now costs this list, which the first sync may still get, and not the link."""
        bodies: list[str] = []

        def keep(body: bytes) -> Rows[Account]:
            found = self._parse_accounts(body)
            bodies.append(body.decode("utf-8", "replace"))
            return found

        try:
            kept(self._client.accounts(access_token(access), psu, parse=keep), self._id, "accounts")
        except Transient as error:
            log.warning("%s: the accounts could not be read at once: %s", self._id, error.reason)
            return access
        data = {**access.data, "accounts": msgspec.json.encode(bodies).decode()}
        return replace(access, data=data)

    def refresh(self, access: Access, *, now: datetime) -> Access:
        with edge(self._id, "refresh"):
            if self._settings.tokens.refresh == "none":
                raise ReconsentRequired("this bank gives no refresh tokens")
            before = refresh_token(access)
            tokens = self._authoriser.renew(
                before,
                scope=self._family(access.data).scope,
                redirect_uri=access.data.get("redirect_uri", ""),
                now=now,
            )
            lasting = {name: access.data[name] for name in _LASTING if name in access.data}
            return replace(
                access,
                expires_at=expires_at(tokens, now, at_most_s=self._settings.tokens.expires_in_s),
                data=lasting | self._held(tokens.access_token, tokens.refresh_token, before),
            )

    def _held(self, token: str, told: str | None, before: str) -> dict[str, str]:
        """The tokens to keep; which refresh token that is differs from bank to bank (settings.Tokens)."""
        candidates = {
            "as_told": told or before,
            "one_use": told or "",
            "keep_first": before or told or "",
            "none": "",
        }
        held = candidates[self._settings.tokens.refresh]
        return {"access_token": token} | ({"refresh_token": held} if held else {})

    def accounts(self, access: Access, *, psu: Psu | None) -> tuple[Account, ...]:
        with edge(self._id, "accounts"):
            token = access_token(access)
            pages = self._client.accounts(token, psu, parse=self._parse_accounts)
            if "accounts" in access.data:
                bodies = msgspec.json.decode(access.data["accounts"], type=list[str])
                pages = (self._parse_accounts(body.encode()) for body in bodies)
            found = kept(pages, self._id, "accounts")
            return tuple({one.resource_id: one for one in reversed(found)}.values())[::-1]  # pages may overlap

    def _parse_accounts(self, body: bytes) -> Rows[Account]:
        return normalize.accounts(body, currency=self._currency)

    def balances(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Balance, ...]:
        def parse(body: bytes) -> Rows[Balance]:
            return normalize.balances(body, account_id=account.resource_id, zone=self._zone, currency=account.currency)

        with edge(self._id, "balances"):
            pages = self._client.balances(access_token(access), account.resource_id, psu, parse=parse)
            return kept(pages, self._id, "balances")

    def transactions(
        self, access: Access, account: Account, *, date_from: date, date_to: date, psu: Psu | None
    ) -> Iterator[Page]:
        def parse(body: bytes) -> Page:
            return normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)

        days = (date_from, date_to)
        with edge(self._id, "transactions"):
            pages = self._client.transactions(access_token(access), account.resource_id, days, psu, parse=parse)
        return guarded(pages, self._id, "transactions")

    def standing_orders(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[StandingOrder, ...]:
        return self._resource(Resource.STANDING_ORDERS, resources.standing_orders, access, account, psu)

    def direct_debits(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[DirectDebit, ...]:
        return self._resource(Resource.DIRECT_DEBITS, resources.direct_debits, access, account, psu)

    def scheduled_payments(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[ScheduledPayment, ...]:
        return self._resource(Resource.SCHEDULED_PAYMENTS, resources.scheduled_payments, access, account, psu)

    def beneficiaries(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Beneficiary, ...]:
        return self._resource(Resource.BENEFICIARIES, resources.beneficiaries, access, account, psu)

    def statements(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Statement, ...]:
        return self._resource(Resource.STATEMENTS, resources.statements, access, account, psu)

    def parties(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[PartyOfAccount, ...]:
        return self._resource(Resource.PARTIES, resources.parties, access, account, psu)

    def products(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Product, ...]:
        return self._resource(Resource.PRODUCTS, resources.products, access, account, psu)

    def offers(self, access: Access, account: Account, *, psu: Psu | None) -> tuple[Offer, ...]:
        return self._resource(Resource.OFFERS, resources.offers, access, account, psu)

    def _resource(
        self, resource: Resource, read: resources.Reader[T], access: Access, account: Account, psu: Psu | None
    ) -> tuple[T, ...]:
        with edge(self._id, resource.value):
            if resource not in self.capabilities.resources:
                raise Refused(f"this bank offers no {resource.value}", code="not_offered")
            pages = self._client.resource(
                resource,
                access_token(access),
                account.resource_id,
                psu,
                parse=lambda body: read(body, account.currency, self._zone),
            )
            return kept(pages, self._id, resource.value)

    def confirm_funds(self, access: Access, money: Money, *, reference: str) -> FundsConfirmation:
        with edge(self._id, "confirm_funds"):
            family = self._family(access.data)
            if family.name != "funds":
                raise Refused("this access is not for confirming funds", code="not_offered")
            body = families.funds_question(access.bank_consent_id, money, reference)
            answer = self._client.confirm_funds(family.base, access_token(access), body, now=datetime.now(UTC))
            at = told_moment(answer.creation_date_time, self._zone)
            return FundsConfirmation(answer.funds_available, answer.funds_confirmation_id, at)

    def reread(self, raw: bytes, status: Status, account: Account, *, trace: Mapping[str, str]) -> Transaction:
        body = normalize.page_of(raw, status, trace)
        page = normalize.transactions(body, account=account, rules=self._rules, zone=self._zone)
        return only_row(page.transactions, page.rejected)

    def revoke(self, access: Access) -> None:
        with edge(self._id, "revoke"):
            family = self._family(access.data)
            token = self._authoriser.app_token(datetime.now(UTC), scope=family.app_scope)
            self._client.delete_consent(family.consents, token, access.bank_consent_id)

    def _family(self, data: Mapping[str, str]) -> Family:
        return self._families.get(data.get("family", "aisp"), self._families["aisp"])


def _resources(state: LinkState, family: Family) -> frozenset[Resource] | None:
    """What the bank consent was made for; a link that an older release began does not say."""
    if family.name != "aisp" or "resources" not in state.data:
        return None
    return frozenset(map(Resource, state.data["resources"].split()))
