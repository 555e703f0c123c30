"""The account information resources of one bank, and what each refusal means.

Headers: Read/Write API profile v3.1.11, "Headers". x-fapi-customer-ip-address says that the PSU is present.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from uuid import uuid4

import msgspec

from providers import text
from providers.classify import Rule, Verdict, error_for
from providers.errors import ContractBroken, ProviderError
from providers.paging import P, walk
from providers.port import Psu
from providers.rows import envelope
from providers.transport import Answer, Transport, path_segment
from providers.uk_obie import wire
from providers.uk_obie.settings import Settings

# A call made with the PSU's token. 401 is ReconsentRequired only because the hub refreshes before it believes it:
# call refresh() first when Access.expires_at has passed, and once more when this comes early.
REFUSALS_TO_THE_PSU = (
    Rule(429, None, Verdict.LATER),
    Rule(401, None, Verdict.RECONSENT),
    Rule(403, "UK.OBIE.Reauthenticate", Verdict.RECONSENT),
    Rule(403, "UK.OBIE.Resource.InvalidConsentStatus", Verdict.RECONSENT),
    Rule(403, "UK.OBIE.Resource.ConsentMismatch", Verdict.RECONSENT),
    Rule(400, "UK.OBIE.Resource.InvalidConsentStatus", Verdict.RECONSENT),
    Rule(403, None, Verdict.REFUSED),
    Rule(408, None, Verdict.LATER),
    Rule(None, None, Verdict.REFUSED),
)

# A call made with our own token, on the consent resource: the PSU can repair nothing here.
REFUSALS_TO_US = (
    Rule(429, None, Verdict.LATER),
    Rule(408, None, Verdict.LATER),
    Rule(None, None, Verdict.REFUSED),
)

# DELETE of a consent that the bank no longer knows: "unknown resource id is 400", and 404 or 410 at many banks.
_GONE = {400: "UK.OBIE.Resource.NotFound", 404: None, 410: None}

_ERROR = msgspec.json.Decoder(wire.ErrorBody)
_CONSENT = msgspec.json.Decoder(wire.Consent)


class Client:
    """One bank's resource server. Keeps no state; every answer it returns has status 2xx."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        self._base = settings.resource_base.rstrip("/")

    def create_consent(self, app_token: str, body: bytes) -> wire.ConsentData:
        url = f"{self._base}/account-access-consents"
        answer = self._transport.call("POST", url, headers=_headers(app_token, None), json=body)
        return envelope(_CONSENT, _expect(answer, 201, REFUSALS_TO_US)).data

    def consent(self, app_token: str, consent_id: str) -> wire.ConsentData:
        answer = self._transport.call("GET", self._consent_url(consent_id), headers=_headers(app_token, None))
        found = envelope(_CONSENT, _expect(answer, 200, REFUSALS_TO_US)).data
        if found.consent_id != consent_id:
            raise ContractBroken("the bank answered with another consent")
        return found

    def delete_consent(self, app_token: str, consent_id: str) -> None:
        answer = self._transport.call("DELETE", self._consent_url(consent_id), headers=_headers(app_token, None))
        if answer.status in _GONE and _GONE[answer.status] in (None, *_codes(answer)):
            return
        if answer.status != 204:
            raise _refusal(answer, REFUSALS_TO_US)

    def accounts(self, token: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._base}/accounts", token, psu, parse)

    def balances(self, token: str, account_id: str, psu: Psu | None, *, parse: Callable[[bytes], P]) -> Iterator[P]:
        return self._pages(f"{self._account_url(account_id)}/balances", token, psu, parse)

    def transactions(
        self, token: str, account_id: str, days: tuple[date, date], psu: Psu | None, *, parse: Callable[[bytes], P]
    ) -> Iterator[P]:
        """``days`` are both included. Banks ignore the offset of these filters (Filtering, v3.1.11)."""
        start = datetime.combine(days[0], time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        end = datetime.combine(days[1], time(23, 59, 59), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        url = f"{self._account_url(account_id)}/transactions?fromBookingDateTime={start}&toBookingDateTime={end}"
        return self._pages(url, token, psu, parse)

    def _pages(self, url: str, token: str, psu: Psu | None, parse: Callable[[bytes], P]) -> Iterator[P]:
        """By Links.Next until there is none (Pagination, v3.1.11)."""
        return walk(
            self._transport.resolve(url, url),
            fetch=lambda where: self._get(where, token, psu),
            parse=parse,
            resolve=self._transport.resolve,
        )

    def _get(self, url: str, token: str, psu: Psu | None) -> Answer:
        answer = self._transport.call("GET", url, headers=_headers(token, psu))
        _expect(answer, 200, REFUSALS_TO_THE_PSU)
        return answer

    def _account_url(self, account_id: str) -> str:
        return f"{self._base}/accounts/{path_segment(account_id)}"

    def _consent_url(self, consent_id: str) -> str:
        return f"{self._base}/account-access-consents/{path_segment(consent_id)}"


def _headers(token: str, psu: Psu | None) -> dict[str, str]:
    found = {"Authorization": f"Bearer {token}", "x-fapi-interaction-id": str(uuid4())}
    if psu is not None:
        told = {"x-fapi-customer-ip-address": psu.ip_address, "x-customer-user-agent": psu.user_agent}
        found |= {name: value for name, given in told.items() if (value := text.header_value(given))}
    return found


def _expect(answer: Answer, status: int, rules: tuple[Rule, ...]) -> bytes:
    """The body, if the answer is the one the specification names."""
    if answer.status == status or (200 <= answer.status < 300 and answer.body):
        return answer.body
    raise _refusal(answer, rules)


def _refusal(answer: Answer, rules: tuple[Rule, ...]) -> ProviderError:
    if answer.status < 400:
        return ContractBroken(f"HTTP {answer.status} where it is not foreseen", raw=answer.body)
    return error_for(answer, _codes(answer), rules)


def _codes(answer: Answer) -> tuple[str, ...]:
    """OBErrorResponse1: the codes of Errors[] first, for they are the precise ones."""
    try:
        body = _ERROR.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    return tuple(one for one in (*(error.error_code for error in body.errors or ()), body.code) if one)
