"""The consent and account resources of one bank, and what each refusal means.

Open Finance Brasil: Consents API 3.3, Accounts API 2.4, Credit Cards API 2.3. x-fapi-customer-ip-address says that the
PSU is present. 423 says that the month's operational limit of an endpoint is spent, 429 that calls come too fast, 529
that the bank is overloaded (as every status from 500 on, the transport takes it for Transient).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import msgspec

from providers import text
from providers.br_openfinance import wire
from providers.br_openfinance.settings import Settings
from providers.classify import Rule, Verdict, error_for
from providers.errors import ContractBroken, ProviderError
from providers.interaction import interaction_id
from providers.paging import P, walk
from providers.port import Psu
from providers.rows import envelope
from providers.transport import Answer, Transport, path_segment

# A call made with the PSU's token; 401 is ReconsentRequired only because the hub refreshes before it believes it.
REFUSALS_TO_THE_PSU = (
    Rule(423, None, Verdict.NEXT_DAY),
    Rule(429, None, Verdict.LATER),
    Rule(408, None, Verdict.LATER),
    Rule(401, None, Verdict.RECONSENT),
    Rule(None, None, Verdict.REFUSED),
)
# A call made with our own token, on the consent resource: the PSU can repair nothing here.
REFUSALS_TO_US = (
    Rule(423, None, Verdict.NEXT_DAY),
    Rule(429, None, Verdict.LATER),
    Rule(408, None, Verdict.LATER),
    Rule(None, None, Verdict.REFUSED),
)

CURRENT_DAYS = 7
"""What transactions-current goes back: it may be asked far more often in a month than the history."""

_GONE = frozenset({404, 410, 422})  # 422: the consent is REJECTED already

_CONSENT = msgspec.json.Decoder(wire.Consent)
_ERROR = msgspec.json.Decoder(wire.ErrorBody)


class Client:
    """One bank's resource server. Keeps no state; every answer it returns has status 2xx."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._settings = settings
        base = settings.resource_base.rstrip("/")
        self._consents = f"{base}/consents/v3/consents"
        self._accounts = f"{base}/accounts/v2/accounts"
        self._cards = f"{base}/credit-cards-accounts/v2/accounts"

    def create_consent(self, app_token: str, body: bytes) -> wire.ConsentData:
        answer = self._transport.call("POST", self._consents, headers=_headers(app_token, None), json=body)
        created = envelope(_CONSENT, _expect(answer, REFUSALS_TO_US)).data
        if not text.is_token(created.consent_id) or " " in created.consent_id:
            raise ContractBroken("the bank's consent id cannot stand in a scope", raw=answer.body)
        return created

    def consent(self, app_token: str, consent_id: str) -> wire.ConsentData:
        answer = self._transport.call("GET", self._consent(consent_id), headers=_headers(app_token, None))
        found = envelope(_CONSENT, _expect(answer, REFUSALS_TO_US)).data
        if found.consent_id != consent_id:
            raise ContractBroken("the bank answered with another consent")
        return found

    def delete_consent(self, app_token: str, consent_id: str) -> None:
        answer = self._transport.call("DELETE", self._consent(consent_id), headers=_headers(app_token, None))
        if answer.status not in _GONE:
            _expect(answer, REFUSALS_TO_US)

    def accounts(self, token: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._accounts}?page-size={self._settings.page_size}", token, psu, parse)

    def balances(self, token: str, account_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._account(account_id)}/balances", token, psu, parse)

    def overdraft_limits(self, token: str, account_id: str, psu: Psu | None) -> bytes:
        answer = self._transport.call(
            "GET", f"{self._account(account_id)}/overdraft-limits", headers=_headers(token, psu)
        )
        return _expect(answer, REFUSALS_TO_THE_PSU)

    def transactions(
        self, token: str, account_id: str, days: tuple[date, date], psu: Psu | None, *, parse: Callable[[bytes], P]
    ) -> Iterator[P]:
        """``days`` are both included. The last days are asked of their own endpoint."""
        is_current = _is_current(days)
        path, suffix = ("transactions-current", "MaxLimited") if is_current else ("transactions", "")
        names = (f"fromBookingDate{suffix}", f"toBookingDate{suffix}")
        return self._rows(f"{self._account(account_id)}/{path}", names, days, token, psu, parse)

    def cards(self, token: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._cards}?page-size={self._settings.page_size}", token, psu, parse)

    def card_limits(self, token: str, card_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._card(card_id)}/limits", token, psu, parse)

    def bills(self, token: str, card_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        """Those that are closed; of a year, unless the bank is asked otherwise."""
        url = f"{self._card(card_id)}/bills?page-size={self._settings.page_size}"
        return self._pages(url, token, psu, parse)

    def card_transactions(
        self, token: str, card_id: str, days: tuple[date, date], psu: Psu | None, *, parse: Callable[[bytes], P]
    ) -> Iterator[P]:
        """As ``transactions``, by the days on which they were made."""
        path = "transactions-current" if _is_current(days) else "transactions"
        names = ("fromTransactionDate", "toTransactionDate")
        return self._rows(f"{self._card(card_id)}/{path}", names, days, token, psu, parse)

    def _rows(
        self,
        url: str,
        names: tuple[str, str],
        days: tuple[date, date],
        token: str,
        psu: Psu | None,
        parse: Callable[[bytes], P],
    ) -> Iterator[P]:
        query = {names[0]: days[0].isoformat(), names[1]: days[1].isoformat()}
        query["page-size"] = str(self._settings.page_size)
        return self._pages(f"{url}?{urlencode(query)}", token, psu, parse)

    def _pages(self, url: str, token: str, psu: Psu | None, parse: Callable[[bytes], P]) -> Iterator[P]:
        """By links.next, which carries the bank's pagination-key, until there is none."""

        def fetch(where: str) -> Answer:
            answer = self._transport.call("GET", where, headers=_headers(token, psu))
            _expect(answer, REFUSALS_TO_THE_PSU)
            return answer

        resolve = self._transport.resolve
        return walk(resolve(url, url), fetch=fetch, parse=parse, resolve=resolve)

    def _account(self, account_id: str) -> str:
        return f"{self._accounts}/{path_segment(account_id)}"

    def _card(self, card_id: str) -> str:
        return f"{self._cards}/{path_segment(card_id)}"

    def _consent(self, consent_id: str) -> str:
        """The URN as it is: a colon may stand in a path (RFC 3986 3.3), and banks were not built for %3A."""
        return f"{self._consents}/{path_segment(consent_id).replace('%3A', ':')}"


def _is_current(days: tuple[date, date]) -> bool:
    return days[0] > datetime.now(UTC).date() - timedelta(days=CURRENT_DAYS)


def _headers(token: str, psu: Psu | None) -> dict[str, str]:
    found = {"Authorization": f"Bearer {token}", "x-fapi-interaction-id": interaction_id()}
    if psu is not None:
        told = {"x-fapi-customer-ip-address": psu.ip_address, "x-customer-user-agent": psu.user_agent}
        found |= {name: value for name, given in told.items() if (value := text.header_value(given))}
    return found


def _expect(answer: Answer, rules: tuple[Rule, ...]) -> bytes:
    if 200 <= answer.status < 300:
        return answer.body
    raise _refusal(answer, rules)


def _refusal(answer: Answer, rules: tuple[Rule, ...]) -> ProviderError:
    if answer.status < 400:
        return ContractBroken(f"HTTP {answer.status} where it is not foreseen", raw=answer.body)
    try:
        errors = _ERROR.decode(answer.body).errors or ()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        errors = ()
    return error_for(answer, (one.code for one in errors if isinstance(one.code, str)), rules)
