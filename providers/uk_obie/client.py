"""The resources of one bank: accounts and what hangs on them, bank consents, confirmation of funds.

Headers: Read/Write API profile v3.1.11, "Headers". x-fapi-customer-ip-address says that the PSU is present.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec
import requests

from providers import text
from providers.classify import Rule
from providers.errors import ContractBroken
from providers.fapi.keys import HeldKeys
from providers.interaction import interaction_id
from providers.paging import P, walk
from providers.port import Psu, Resource
from providers.rows import Lenient, envelope
from providers.tpp import Tpp
from providers.transport import Answer, Checker, Limits, Transport, path_segment
from providers.uk_obie import refusals, wire
from providers.uk_obie.families import Consents
from providers.uk_obie.message_signing import HEADER as SIGNATURE
from providers.uk_obie.message_signing import check_answer, signature_of
from providers.uk_obie.settings import Dates, Settings, Step

_CONSENT = Lenient(wire.Consent)
_FUNDS = msgspec.json.Decoder(wire.Funds)
_NONE = b'{"Data":{}}'

# Where each resource of an account is found under it.
PATHS = {
    Resource.STANDING_ORDERS: "standing-orders",
    Resource.DIRECT_DEBITS: "direct-debits",
    Resource.SCHEDULED_PAYMENTS: "scheduled-payments",
    Resource.BENEFICIARIES: "beneficiaries",
    Resource.STATEMENTS: "statements",
    Resource.PRODUCTS: "product",
    Resource.OFFERS: "offers",
}
_FORMATS = {"zulu": "Z", "millis": ".000Z", "offset": "+00:00", "naive": ""}


def named_key(settings: Settings, tpp: Tpp) -> Tpp:
    """``tpp`` with its key under the name that this bank, or its directory, knows it by."""
    return replace(tpp, kid=settings.kid) if settings.kid is not None else tpp


def transport_for(institution_id: str, settings: Settings, tpp: Tpp, limits: Limits | None) -> Transport:
    """The way to one bank. Raises ValueError for addresses that cannot be called."""
    return Transport(
        institution_id,
        settings.urls,
        client_certificate=settings.client_certificate or tpp.client_certificate,
        ca_bundle=settings.ca_bundle,
        limits=limits,
        heard=tpp.heard,
        check=_checker(institution_id, settings, tpp, limits),
    )


def _checker(institution_id: str, settings: Settings, tpp: Tpp, limits: Limits | None) -> Checker | None:
    """For answers of the resource servers, where the bank is held to signing them."""
    how = settings.answers
    if how is None:
        return None
    to_keys = Transport(
        institution_id,
        (settings.jwks_uri,),
        client_certificate=settings.client_certificate or tpp.client_certificate,
        ca_bundle=settings.ca_bundle,
        limits=limits,
        heard=tpp.heard,
    )
    keys = HeldKeys(to_keys, settings.jwks_uri)
    bases = tuple(f"{family.base.rstrip('/')}/" for family in (settings.aisp, settings.funds) if family is not None)

    def check(request: requests.PreparedRequest, answer: Answer) -> None:
        is_meant = how.on == "all" or request.method == "POST"
        if is_meant and (request.url or "").startswith(bases):
            check_answer(how, keys, answer, now=datetime.now(UTC))

    return check


class Client:
    """One bank's resource server. Keeps no state; every answer it returns has status 2xx."""

    def __init__(self, transport: Transport, settings: Settings, tpp: Tpp) -> None:
        self._transport = transport
        self._settings = settings
        self._tpp = tpp
        self._base = settings.aisp.base.rstrip("/")

    def create_consent(self, consents: Consents, app_token: str, body: bytes, *, now: datetime) -> wire.ConsentData:
        answer = self._post(consents.collection, app_token, body, now=now)
        return envelope(_CONSENT, _expect(answer, 201, self._rules("consent", refusals.TO_US))).data

    def consent(self, consents: Consents, app_token: str, consent_id: str) -> wire.ConsentData:
        answer = self._call("GET", consents.url(consent_id), app_token)
        found = envelope(_CONSENT, _expect(answer, 200, self._rules("consent", refusals.TO_US))).data
        if found.consent_id != consent_id:
            raise ContractBroken("the bank answered with another consent")
        return found

    def delete_consent(self, consents: Consents, app_token: str, consent_id: str) -> None:
        answer = self._call("DELETE", consents.url(consent_id), app_token)
        rules = self._rules("consent", refusals.TO_US)
        if answer.status != 204 and not refusals.is_gone(answer, rules):
            raise refusals.refusal(answer, rules)

    def accounts(self, token: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._base}/accounts", token, psu, parse, "accounts")

    def balances(self, token: str, account_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._account_url(account_id)}/balances", token, psu, parse, "balances")

    def transactions(
        self, token: str, account_id: str, days: tuple[date, date], psu: Psu | None, *, parse: Callable[[bytes], P]
    ) -> Iterator[P]:
        """``days`` are both included. Banks ignore the offset of these filters (Filtering, v3.1.11)."""
        url = f"{self._account_url(account_id)}/transactions?{_filter(self._settings.dates, days)}"
        return self._pages(url, token, psu, parse, "transactions")

    def resource(
        self, resource: Resource, token: str, account_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]
    ) -> Iterator[P]:
        path = self._settings.parties_at if resource is Resource.PARTIES else PATHS[resource]
        return self._pages(f"{self._account_url(account_id)}/{path}", token, psu, parse, "resources")

    def confirm_funds(self, base: str, token: str, body: bytes, *, now: datetime) -> wire.FundsData:
        answer = self._post(f"{base}/funds-confirmations", token, body, now=now)
        return envelope(_FUNDS, _expect(answer, 201, self._rules("funds", refusals.TO_THE_PSU))).data

    def _pages(self, url: str, token: str, psu: Psu | None, parse: Callable[[bytes], P], step: Step) -> Iterator[P]:
        """By Links.Next until there is none (Pagination, v3.1.11)."""
        return walk(
            self._transport.resolve(url, url),
            fetch=lambda where: self._get(where, token, psu, step),
            parse=parse,
            resolve=self._resolve,
            ends_with_itself=self._settings.paging.ends_with_itself,
        )

    def _get(self, url: str, token: str, psu: Psu | None, step: Step) -> Answer:
        answer = self._call("GET", url, token, psu)
        if answer.status == 204 and step != "accounts":  # "nothing" where the standard has an empty list
            return Answer(200, answer.headers, _NONE)
        _expect(answer, 200, self._rules(step, refusals.TO_THE_PSU))
        return answer

    def _resolve(self, url: str, link: str) -> str:
        """A link under another of the bank's own names is followed at the page that named it."""
        with suppress(ValueError):  # what is no URL is refused below
            parts, here = urlsplit(link), urlsplit(url)
            known = self._settings.paging.hosts
            if parts.hostname in known or parts.netloc.lower() in known:
                link = urlunsplit((here.scheme, here.netloc, parts.path, parts.query, ""))
        return self._transport.resolve(url, link)

    def _post(self, url: str, token: str, body: bytes, *, now: datetime) -> Answer:
        signing = self._settings.signing
        signed = {} if signing is None else {SIGNATURE: signature_of(body, self._tpp.seal, signing, now=now)}
        return self._call("POST", url, token, json=body, more=signed)

    def _call(
        self,
        method: str,
        url: str,
        token: str,
        psu: Psu | None = None,
        *,
        json: bytes | None = None,
        more: dict[str, str] | None = None,
    ) -> Answer:
        headers = _headers(token, psu) | (more or {})
        return self._transport.call(method, url, headers=self._as_the_bank_wants(method, headers), json=json)

    def _as_the_bank_wants(self, method: str, headers: dict[str, str]) -> dict[str, str | None]:
        """A header that is None is not sent, not even by the session."""
        wants = self._settings.headers
        renamed: dict[str, str | None] = {wants.rename.get(name, name): value for name, value in headers.items()}
        omitted = {one.rpartition(" ")[2]: None for one in wants.omit if one.partition(" ")[0] in (method, one)}
        dropped = {name.lower() for name in omitted}
        return {
            name: value for name, value in {**renamed, **wants.send}.items() if name.lower() not in dropped
        } | omitted

    def _rules(self, step: Step, standard: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return (*refusals.own_rules(self._settings.errors, step), *standard)

    def _account_url(self, account_id: str) -> str:
        return f"{self._base}/accounts/{path_segment(account_id)}"


def _headers(token: str, psu: Psu | None) -> dict[str, str]:
    found = {"Authorization": f"Bearer {token}", "x-fapi-interaction-id": interaction_id()}
    if psu is not None:
        told = {"x-fapi-customer-ip-address": psu.ip_address, "x-customer-user-agent": psu.user_agent}
        found |= {name: value for name, given in told.items() if (value := text.header_value(given))}
    return found


def _filter(wants: Dates, days: tuple[date, date]) -> str:
    names = (wants.from_parameter, wants.to_parameter)
    moments = (datetime.combine(days[0], time(), UTC), datetime.combine(days[1], time(23, 59, 59), UTC))
    written = ((name, _written(wants, moment)) for name, moment in zip(names, moments, strict=True) if name)
    return "&".join(f"{quote(name, safe='')}={quote(value, safe=':')}" for name, value in written)


def _written(wants: Dates, moment: datetime) -> str:
    if wants.format == "day":
        return moment.date().isoformat()
    return f"{moment:%Y-%m-%dT%H:%M:%S}{_FORMATS[wants.format]}"


def _expect(answer: Answer, status: int, rules: tuple[Rule, ...]) -> bytes:
    """The body, if the answer is the one the specification names."""
    if answer.status == status or (200 <= answer.status < 300 and answer.body):
        return answer.body
    raise refusals.refusal(answer, rules)
