"""The account resources of one bank, and what each refusal means.

STET PSD2 1.5: GET /accounts and below, PUT /consents, GET /trusted-beneficiaries, POST /funds-confirmations.
PSU-IP-Address says that the PSU is present.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import uuid4

import msgspec

from providers import text
from providers.classify import Rule, Verdict, error_for
from providers.errors import ContractBroken, ProviderError
from providers.paging import P, walk
from providers.port import Psu
from providers.rows import envelope
from providers.stet import wire
from providers.stet.settings import Settings
from providers.transport import Answer, Transport, path_segment

# 429 is a daily quota where its message says so (BPCE: "Limite des appels par jour dépassée").
_A_DAYS_QUOTA = re.compile(r"\b(?:par jour|per day|daily|journali[eè]re?)\b", re.IGNORECASE)
_RESOURCE = re.compile(r"(?:^|/)((?:accounts|trusted-beneficiaries|end-user-identity)(?:/.*)?)$")

# The standard has no codes of its own. Those that banks give: NAAC (no authorised account), and OAuth's (RFC 6750 3.1).
# 401 is ReconsentRequired only because the hub refreshes before it believes it.
REFUSALS = (
    Rule(429, None, Verdict.NEXT_DAY, _A_DAYS_QUOTA),
    Rule(429, None, Verdict.LATER),
    Rule(408, None, Verdict.LATER),
    Rule(401, None, Verdict.RECONSENT),
    Rule(403, "NAAC", Verdict.RECONSENT),
    Rule(403, "invalid_token", Verdict.RECONSENT),
    Rule(403, "invalid_grant", Verdict.RECONSENT),
    Rule(None, None, Verdict.REFUSED),
)
# What 204 stands for, whichever list was asked for
_EMPTY = b'{"accounts":[],"balances":[],"transactions":[],"beneficiaries":[],"identities":[]}'

_ERROR = msgspec.json.Decoder(wire.ErrorBody)
_COVERAGE = msgspec.json.Decoder(wire.Coverage)


class Client:
    """One bank's API. Keeps no state; every answer it returns has status 2xx."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._settings = settings
        self._base = settings.resource_base.rstrip("/")

    def accounts(self, token: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._base}/accounts", token, psu, parse)

    def balances(self, token: str, account_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._account_url(account_id)}/balances", token, psu, parse)

    def owners(self, token: str, account_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        """The holders of one account; at 1.4 banks the PSU, who is the same for all of them."""
        if self._settings.owners == "end-user-identity":
            return self._pages(f"{self._base}/end-user-identity", token, psu, parse)
        return self._pages(f"{self._account_url(account_id)}/owners", token, psu, parse)

    def beneficiaries(self, token: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._base}/trusted-beneficiaries", token, psu, parse)

    def transactions(
        self, token: str, account_id: str, days: tuple[date, date], psu: Psu | None, *, parse: Callable[[bytes], P]
    ) -> Iterator[P]:
        """``days`` are both included; the standard's dateTo is not, so it is the day after."""
        first, end = days[0], days[1] + timedelta(days=1)
        query = {"dateFrom": self._day(first), "dateTo": self._day(end)}
        if self._settings.date_type:
            query["dateType"] = self._settings.date_type
        url = f"{self._account_url(account_id)}/transactions?{urlencode(query, safe=':')}"
        return self._pages(url, token, psu, parse)

    def put_consents(self, token: str, body: bytes, psu: Psu | None) -> None:
        """Forward the mixed detailed consent; it takes the place of the one before."""
        url = f"{self._base}/consents"
        _expect(self._transport.call("PUT", url, headers=self._headers(token, psu), json=body))

    def confirm_funds(self, token: str, body: bytes) -> bool:
        url = f"{self._base}/funds-confirmations"
        answer = self._transport.call("POST", url, headers=self._headers(token, None), json=body)
        return envelope(_COVERAGE, _expect(answer).body).result

    def _pages(self, url: str, token: str, psu: Psu | None, parse: Callable[[bytes], P]) -> Iterator[P]:
        """By _links.next until there is none. 204 is an empty page (1.5, 4.5)."""

        def fetch(where: str) -> Answer:
            answer = _expect(self._transport.call("GET", where, headers=self._headers(token, psu)))
            return Answer(answer.status, answer.headers, answer.body or _EMPTY)

        return walk(self._transport.resolve(url, url), fetch=fetch, parse=parse, resolve=self._resolve)

    def _resolve(self, url: str, link: str) -> str:
        """The standard's own examples are paths from the API's root without a slash ("v1/accounts?page=2"), which no
        browser would read so. Wherever a link is said to lead, it leads to this bank or nowhere."""
        with suppress(ValueError):  # what is no URL is refused below
            parts, here = urlsplit(link), urlsplit(url)
            if parts.netloc.lower() in self._settings.link_hosts or parts.hostname in self._settings.link_hosts:
                link = urlunsplit(("", "", parts.path, parts.query, ""))
                parts = urlsplit(link)
            found = _RESOURCE.search(parts.path)
            is_rootless = not parts.path.startswith("/") or self._settings.links_from_base
            if found is not None and is_rootless and parts.netloc in ("", here.netloc):
                link = f"{self._base}/{found[1]}" + (f"?{parts.query}" if parts.query else "")
        return self._transport.resolve(url, link)

    def _headers(self, token: str, psu: Psu | None) -> dict[str, str]:
        found = {
            "Accept": self._settings.accept,
            "Authorization": f"Bearer {token}",
            "X-Request-ID": str(uuid4()),
            **self._settings.headers,
        }
        if psu is not None:
            told = {"PSU-IP-Address": psu.ip_address, "PSU-User-Agent": psu.user_agent}
            found |= {name: value for name, given in told.items() if (value := text.header_value(given))}
        return found

    def _account_url(self, account_id: str) -> str:
        return f"{self._base}/accounts/{path_segment(account_id)}"

    def _day(self, day: date) -> str:
        if self._settings.day_format == "date":
            return day.isoformat()
        return datetime.combine(day, time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _expect(answer: Answer) -> Answer:
    if 200 <= answer.status < 300:
        return answer
    raise _refusal(answer)


def _refusal(answer: Answer) -> ProviderError:
    if answer.status < 400:
        return ContractBroken(f"HTTP {answer.status} where it is not foreseen", raw=answer.body)
    try:
        body = _ERROR.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        body = wire.ErrorBody()
    codes = tuple(one for one in (body.code, body.error) if isinstance(one, str))
    return error_for(answer, codes, REFUSALS, (body.message,) if isinstance(body.message, str) else ())
