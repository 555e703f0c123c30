"""The banking resources of one data holder, and what each refusal means.

Consumer Data Standards 1.36: HTTP headers, versioning (x-v, x-min-v), pagination, error codes.
x-fapi-customer-ip-address says that the consumer is present: the call is attended and counts against no session limit.
"""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from email.utils import format_datetime
from urllib.parse import urlencode

import msgspec

from providers import text
from providers.au_cdr import wire
from providers.au_cdr.settings import Settings
from providers.classify import Rule, Verdict, error_for
from providers.errors import ContractBroken, ProviderError
from providers.interaction import interaction_id
from providers.paging import P, walk
from providers.port import Psu
from providers.transport import Answer, Transport, path_segment

# Codes without their namespace and with dots: urn:au-cds:error:cds-all:Authorisation/RevokedConsent comes first here.
REFUSALS = (
    Rule(429, None, Verdict.LATER),
    Rule(408, None, Verdict.LATER),
    Rule(401, None, Verdict.RECONSENT),
    Rule(None, "Authorisation.RevokedConsent", Verdict.RECONSENT),
    Rule(None, "Authorisation.InvalidConsent", Verdict.RECONSENT),
    Rule(None, "Authorisation.InvalidArrangement", Verdict.RECONSENT),
    Rule(None, None, Verdict.REFUSED),
)

# endpoint -> (the oldest version that we read, the newest)
VERSIONS = {"accounts": (2, 3), "balance": (1, 1), "transactions": (1, 2)}

_ERROR = msgspec.json.Decoder(wire.ErrorBody)


class Client:
    """One data holder's resource server. Keeps no state; every answer it returns has status 2xx."""

    def __init__(self, transport: Transport, settings: Settings, zone: tzinfo) -> None:
        self._transport = transport
        self._settings = settings
        self._zone = zone
        self._base = settings.resource_base.rstrip("/") + "/banking/accounts"

    def accounts(
        self, token: str, authorised: datetime, psu: Psu | None, *, parse: Callable[[bytes], P]
    ) -> Iterator[P]:
        url = f"{self._base}?page-size={self._settings.page_size}"
        return self._pages("accounts", url, token, authorised, psu, parse)

    def balance(
        self, token: str, authorised: datetime, account_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]
    ) -> Iterator[P]:
        return self._pages("balance", f"{self._account(account_id)}/balance", token, authorised, psu, parse)

    def transactions(
        self,
        token: str,
        authorised: datetime,
        account_id: str,
        days: tuple[date, date],
        psu: Psu | None,
        *,
        parse: Callable[[bytes], P],
    ) -> Iterator[P]:
        """``days`` are both included: from the first moment of the one to the last of the other, where the bank is."""
        first = datetime.combine(days[0], time(), self._zone)
        last = datetime.combine(days[1] + timedelta(days=1), time(), self._zone) - timedelta(seconds=1)
        query = {
            "oldest-time": first.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "newest-time": last.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "page-size": str(self._settings.page_size),
        }
        url = f"{self._account(account_id)}/transactions?{urlencode(query, safe=':')}"
        return self._pages("transactions", url, token, authorised, psu, parse)

    def _pages(
        self,
        endpoint: str,
        url: str,
        token: str,
        authorised: datetime,
        psu: Psu | None,
        parse: Callable[[bytes], P],
    ) -> Iterator[P]:
        def fetch(where: str) -> Answer:
            headers = _headers(endpoint, token, authorised, psu)
            answer = self._transport.call("GET", where, headers=headers)
            if not 200 <= answer.status < 300:
                raise refusal(answer)
            return answer

        resolve = self._transport.resolve
        return walk(resolve(url, url), fetch=fetch, parse=parse, resolve=resolve)

    def _account(self, account_id: str) -> str:
        return f"{self._base}/{path_segment(account_id)}"


def _headers(endpoint: str, token: str, authorised: datetime, psu: Psu | None) -> dict[str, str]:
    oldest, newest = VERSIONS[endpoint]
    found = {
        "Authorization": f"Bearer {token}",
        "x-v": str(newest),
        "x-min-v": str(oldest),
        "x-fapi-interaction-id": interaction_id(),
        "x-fapi-auth-date": format_datetime(authorised.astimezone(UTC), usegmt=True),
    }
    address = text.header_value(psu.ip_address) if psu else None
    if psu is not None and address:
        found["x-fapi-customer-ip-address"] = address
        client = f"User-Agent: {text.header_value(psu.user_agent) or 'unknown'}"
        found["x-cds-client-headers"] = base64.b64encode(client.encode()).decode()
    return found


def refusal(answer: Answer) -> ProviderError:
    if answer.status < 400:
        return ContractBroken(f"HTTP {answer.status} where it is not foreseen", raw=answer.body)
    return error_for(answer, codes(answer), REFUSALS)


def codes(answer: Answer) -> tuple[str, ...]:
    try:
        errors = _ERROR.decode(answer.body).errors or ()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    return tuple(one.code.rsplit(":", 1)[-1].replace("/", ".") for one in errors if isinstance(one.code, str))
