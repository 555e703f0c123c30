"""The consent and account resources of one bank, and what each refusal means.

psd2-api 1.3.11: paths under /v1/consents and /v1/accounts, MessageCode4xx_AIS. PSU-IP-Address says that the PSU is
present: a call without it counts against frequencyPerDay.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from providers import text
from providers.berlin_group import consent_wire, wire
from providers.berlin_group.settings import Settings
from providers.berlin_group.versions import Version
from providers.classify import Rule, Verdict, error_for
from providers.errors import ContractBroken, ProviderError, Transient
from providers.paging import P, walk
from providers.port import Psu
from providers.rows import Lenient, envelope
from providers.transport import Answer, Transport, path_segment, retry_after_s

# The code decides before the status: banks agree on the words more than on the numbers.
REFUSALS = (
    Rule(None, "ACCESS_EXCEEDED", Verdict.NEXT_DAY),
    Rule(None, "CONSENT_EXPIRED", Verdict.RECONSENT),
    Rule(None, "CONSENT_INVALID", Verdict.RECONSENT),
    Rule(None, "CONSENT_UNKNOWN", Verdict.RECONSENT),
    Rule(None, "TOKEN_EXPIRED", Verdict.RECONSENT),
    Rule(None, "TOKEN_INVALID", Verdict.RECONSENT),
    Rule(None, "TOKEN_UNKNOWN", Verdict.RECONSENT),
    Rule(429, None, Verdict.LATER),
    Rule(408, None, Verdict.LATER),
    Rule(None, None, Verdict.REFUSED),
)

# DELETE of a consent that the bank no longer knows or has ended already
_GONE_STATUSES = frozenset({404, 410})
_GONE_CODES = frozenset({"CONSENT_UNKNOWN", "CONSENT_EXPIRED", "CONSENT_INVALID", "RESOURCE_UNKNOWN"})

CARD = "card:"
"""Before the id of an account that lives under /card-accounts: the two lists may use the same ids."""

# What the PSU can correct: a wrong password, a wrong code.
_WRONG_ANSWER = frozenset({"PSU_CREDENTIALS_INVALID", "SCA_INVALID"})

# Accept, by the setting ``report``; a report that is to be downloaded comes as the bank has it
_MEDIA_TYPES = {"json": "application/json", "camt": "application/xml", "mt940": "text/plain"}
_ANY_REPORT = "application/json, application/xml, application/zip, text/plain;q=0.9, application/octet-stream;q=0.5"
_LARGEST_REPORT_BYTES = 32 * 1024 * 1024
_PREPARED_WITHIN_S = 8.0
_PAUSE_S = 1.0  # before a report that is not ready is asked for again, where the bank does not say how long

_CREATED = msgspec.json.Decoder(consent_wire.ConsentCreated)
_STATUS = msgspec.json.Decoder(consent_wire.ConsentStatus)
_CONSENT = msgspec.json.Decoder(consent_wire.Consent)
_AUTHORISATION = Lenient(consent_wire.Authorisation)
# What 204 stands for, be it transactions or balances; who has no account is told so
_NONE = b'{"transactions":null,"balances":null}'
_ERROR = msgspec.json.Decoder(consent_wire.ErrorBody)


class Client:
    """One bank's XS2A interface. Keeps no state; every answer it returns has status 2xx. ``right`` and ``bearer`` are
    headers (authorise.right, authorise.bearer)."""

    def __init__(self, transport: Transport, settings: Settings, version: Version) -> None:
        self._transport = transport
        self._settings = settings
        self._base = f"{settings.base_url.rstrip('/')}/{version.root}"
        self._consents = f"{self._base}/{version.consents}"

    def create_consent(
        self, body: bytes, headers: dict[str, str], psu: Psu
    ) -> tuple[consent_wire.ConsentCreated, consent_wire.Authorisation]:
        answer = self._transport.call("POST", self._consents, headers=_headers(psu) | headers, json=body)
        created = envelope(_CREATED, _expect(answer))
        if not text.is_token(created.consent_id):
            raise ContractBroken("the bank's consent id cannot stand in a header", raw=answer.body)
        return created, envelope(_AUTHORISATION, answer.body)

    def authorise(
        self, method: str, consent_id: str, link: str, body: bytes, headers: dict[str, str], psu: Psu
    ) -> consent_wire.Authorisation | None:
        """One step of an authorisation; None where the bank says that what the PSU answered is wrong.

        The body may hold a password, which a bank may repeat: no error carries the answer.
        """
        url = self.linked(consent_id, link)
        answer = self._transport.call(method, url, headers=_headers(psu) | headers, json=body)
        if not _WRONG_ANSWER.isdisjoint(_codes(answer)):
            return None
        try:
            return envelope(_AUTHORISATION, _expect(answer))
        except ContractBroken as error:
            raise ContractBroken(error.reason) from None

    def sca_status(self, consent_id: str, link: str, bearer: Mapping[str, str], psu: Psu) -> consent_wire.Authorisation:
        url = self.linked(consent_id, link)
        answer = self._transport.call("GET", url, headers={**_headers(psu), **bearer})
        return envelope(_AUTHORISATION, _expect(answer))

    def picture(self, consent_id: str, link: str, bearer: Mapping[str, str]) -> bytes:
        """A challenge's image, from the bank's own addresses and no other."""
        headers = {"Accept": "image/png, image/jpeg, image/gif", **_headers(None), **bearer}
        return _expect(self._transport.call("GET", self.linked(consent_id, link), headers=headers))

    def consent_status(self, consent_id: str, bearer: Mapping[str, str]) -> str:
        return envelope(_STATUS, self._consent(consent_id, "/status", bearer)).consent_status

    def consent(self, consent_id: str, bearer: Mapping[str, str]) -> consent_wire.Consent:
        return envelope(_CONSENT, self._consent(consent_id, "", bearer))

    def delete_consent(self, consent_id: str, bearer: Mapping[str, str]) -> None:
        answer = self._transport.call("DELETE", self._consent_url(consent_id), headers={**_headers(None), **bearer})
        gone = answer.status in _GONE_STATUSES or not _GONE_CODES.isdisjoint(_codes(answer))
        if answer.status >= 400 and not gone:
            raise _refusal(answer)
        if answer.status == 202:
            raise ContractBroken("the bank asks for SCA to end a consent", raw=answer.body)

    def accounts(self, right: Mapping[str, str], psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(self._list("accounts"), right, psu, parse)

    def card_accounts(self, right: Mapping[str, str], psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(self._list("card-accounts"), right, psu, parse)

    def balances(
        self, right: Mapping[str, str], account_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]
    ) -> Iterator[P]:
        return self._pages(f"{self._account_url(account_id)}/balances", right, psu, parse)

    def transactions(
        self,
        right: Mapping[str, str],
        account_id: str,
        days: tuple[date, date],
        status: str,
        psu: Psu | None,
        *,
        parse: Callable[[bytes], P],
    ) -> Iterator[P]:
        """``days`` are both included; ``status`` is bookingStatus. Pages by _links.next until there is none."""
        query = f"bookingStatus={status}&dateFrom={days[0].isoformat()}&dateTo={days[1].isoformat()}"
        url = f"{self._account_url(account_id)}/transactions?{query}"
        return self._pages(url, right, psu, parse, accept=_MEDIA_TYPES[self._settings.report])

    def standing_orders(
        self, right: Mapping[str, str], account_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]
    ) -> Iterator[P]:
        url = f"{self._account_url(account_id)}/transactions?bookingStatus=information"
        return self._pages(url, right, psu, parse)

    def _pages(
        self,
        url: str,
        right: Mapping[str, str],
        psu: Psu | None,
        parse: Callable[[bytes], P],
        *,
        accept: str = "application/json",
    ) -> Iterator[P]:
        one_for_all = str(uuid4()) if self._settings.same_request_id_on_pages else None
        downloads: set[str] = set()

        def fetch(where: str) -> Answer:
            headers = {**_headers(psu, request_id=one_for_all), **right, "Accept": accept}
            if where in downloads:
                return self._download(where, headers | {"Accept": _ANY_REPORT})
            answer = self._transport.call("GET", where, headers=headers)
            if answer.status == 202 and not answer.body:
                raise _not_ready(answer)
            _expect(answer)
            return Answer(200, answer.headers, _NONE) if answer.status == 204 and not answer.body else answer

        def resolve(base: str, link: str) -> str:
            found = self._transport.resolve(base, self._from_base(link))
            if link.endswith(wire.DOWNLOAD):
                downloads.add(found)
            return found

        return walk(self._transport.resolve(url, url), fetch=fetch, parse=parse, resolve=resolve)

    def _download(self, url: str, headers: Mapping[str, str]) -> Answer:
        """A report that the bank may have to prepare first (202). It is waited for as long as a sync's lease can bear;
        a later sync asks anew."""
        until = time.monotonic() + _PREPARED_WITHIN_S
        while True:
            answer = self._transport.call("GET", url, headers=headers, most_bytes=_LARGEST_REPORT_BYTES)
            if answer.status != 202:
                _expect(answer)
                return answer
            pause_s = max(_PAUSE_S, retry_after_s(answer) or 0)
            if time.monotonic() + pause_s > until:
                raise _not_ready(answer)
            self._transport.pause(pause_s)

    def _consent(self, consent_id: str, rest: str, bearer: Mapping[str, str]) -> bytes:
        url = self._consent_url(consent_id) + rest
        return _expect(self._transport.call("GET", url, headers={**_headers(None), **bearer}))

    def linked(self, consent_id: str, link: str) -> str:
        """A hypertext link, full or relative, as an address of this bank."""
        return self._transport.resolve(self._consent_url(consent_id), self._from_base(link))

    def _from_base(self, link: str) -> str:
        base = self._settings.base_url.rstrip("/")
        if not self._settings.links_from_base or not link.startswith("/") or link.startswith("//"):
            return link
        return link if link.startswith(f"{urlsplit(base).path}/") and urlsplit(base).path else base + link

    def _list(self, name: str) -> str:
        return f"{self._base}/{name}{'?withBalance=true' if self._settings.balances_with_accounts else ''}"

    def _account_url(self, account_id: str) -> str:
        kind = "accounts"
        if self._settings.card_accounts and account_id.startswith(CARD):
            kind, account_id = "card-accounts", account_id.removeprefix(CARD)
        return f"{self._base}/{kind}/{path_segment(account_id)}"

    def _consent_url(self, consent_id: str) -> str:
        return f"{self._consents}/{path_segment(consent_id)}"


def _headers(psu: Psu | None, *, request_id: str | None = None) -> dict[str, str]:
    found = {"X-Request-ID": request_id or str(uuid4())}
    if psu is not None:
        told = {"PSU-IP-Address": psu.ip_address, "PSU-User-Agent": psu.user_agent}
        found |= {name: value for name, given in told.items() if (value := text.header_value(given))}
    return found


def _expect(answer: Answer) -> bytes:
    if 200 <= answer.status < 300:
        return answer.body
    raise _refusal(answer)


def _not_ready(answer: Answer) -> Transient:
    return Transient("the report is not ready yet", retry_after_s=retry_after_s(answer), answered=True)


def _refusal(answer: Answer) -> ProviderError:
    if answer.status < 400:
        return ContractBroken(f"HTTP {answer.status} where it is not foreseen", raw=answer.body)
    return error_for(answer, _codes(answer), REFUSALS)


def _codes(answer: Answer) -> tuple[str, ...]:
    """The message codes of an error, in either of the two shapes that 1.3.11 allows."""
    if answer.status < 400:
        return ()
    try:
        body = _ERROR.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    messages = (*(body.tpp_messages or ()), *(body.api_client_messages or ()))
    return tuple(code for code in (*(one.code for one in messages), body.code) if code)
