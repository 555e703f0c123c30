"""Being let in: the bank consent, the way to the bank's own page, and what the bank says afterwards.

psd2-api 1.3.11: createConsent, getConsentStatus, getConsentInformation; redirect SCA approach (the others: sca.py). The
standard has no state parameter, so ours travels in the redirect URI.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from providers import dates, text
from providers.berlin_group import consent_wire
from providers.berlin_group.client import Client
from providers.berlin_group.settings import Settings
from providers.berlin_group.versions import Version
from providers.classify import safe_code
from providers.errors import ContractBroken, ProviderError, ReconsentRequired, Refused, Transient
from providers.port import Access, LinkState
from providers.rows import BrokenRow

FREQUENCY_PER_DAY = 4  # RTS on SCA art. 36(5)(b)
LONGEST = "9999-12-31"  # 6.3.1.1: as long as the bank allows
DENIED = "access_denied"

# consentStatus after the PSU came back -> what that means. Codes beyond these are the bank's: Refused as well.
UNFINISHED = frozenset({"received", "partiallyAuthorised"})


def consent_request(settings: Settings, version: Version, valid_until: date, ibans: Iterable[str]) -> bytes:
    """``consents``. In the bank-offered model no account is named; ``ibans`` are for the dedicated one."""
    return msgspec.json.encode(
        {
            **version.access(settings.consent_model, ibans),
            "recurringIndicator": True,
            version.valid_until: LONGEST if settings.valid_until == "longest" else valid_until.isoformat(),
            "frequencyPerDay": FREQUENCY_PER_DAY,
        }
    )


def redirect_headers(state: LinkState, version: Version) -> dict[str, str]:
    """Where the bank sends the PSU after a yes (Redirect-URI) and after a no (Nok-Redirect-URI)."""
    back = {"state": state.state}
    return {
        f"{version.prefix}Redirect-URI": _with_query(state.redirect_uri, back),
        f"{version.prefix}Nok-Redirect-URI": _with_query(state.redirect_uri, back | {"error": DENIED}),
    }


def redirect_url(link: str, *, own_origins: tuple[str, ...]) -> str:
    """scaRedirect, if a browser may be sent there: HTTPS, or the bank's own configured origin (loopback)."""
    try:
        parts = urlsplit(link)
    except ValueError:
        raise ContractBroken("the bank's redirect is not a URL") from None
    if parts.scheme != "https" and f"{parts.scheme}://{parts.netloc}" not in own_origins:
        raise ContractBroken("the bank's redirect is not HTTPS")
    return link


def check_callback(state: LinkState, callback: Mapping[str, str]) -> None:
    """ContractBroken for a callback of another attempt. Whether the PSU said yes, only the bank is asked."""
    if not text.same(callback.get("state", ""), state.state):
        raise ContractBroken("the callback's state is not of this attempt")


def not_valid(status: str, callback: Mapping[str, str]) -> ProviderError:
    """Why a consent that is not ``valid`` after the callback cannot be used.

    ``received`` without a no may be a bank that is still recording the PSU's yes (some take minutes).
    """
    if status in UNFINISHED and "error" not in callback:
        return Transient(f"the bank consent is {status}", retry_after_s=5, answered=True)
    if status == "rejected" or status in UNFINISHED:
        return Refused("the PSU did not authorise the bank consent", code=DENIED)
    return Refused("the bank consent is not valid", code="consent_not_valid")


def right(access: Access) -> dict[str, str]:
    """The headers that say by what right we read: the consent's id and, where OAuth gave one, the token."""
    return {"Consent-ID": access.bank_consent_id} | bearer(access)


def bearer(held: Access | LinkState) -> dict[str, str]:
    token = held.data.get("access_token", "")
    return {"Authorization": f"Bearer {token}"} if token else {}


def granted(state: LinkState) -> Access:
    """What is held already while a link is under way: the consent's id, and the tokens of an OAuth pre-step."""
    ends = state.data.get("expires_at")
    return Access(
        state.bank_consent_id, datetime.fromisoformat(ends) if ends else None, None, data=tokens_of(state.data)
    )


def kept_tokens(held: Access) -> dict[str, str]:
    """What a link's ``data`` holds of ``held`` until there is a consent to read with."""
    ends = {"expires_at": held.expires_at.isoformat()} if held.expires_at else {}
    return tokens_of(held.data) | ends


def tokens_of(data: Mapping[str, str]) -> dict[str, str]:
    """Of a link's or an access's ``data`` what OAuth gave."""
    return {name: data[name] for name in ("access_token", "refresh_token", "token_endpoint") if name in data}


def access(client: Client, given: Access, status: str, callback: Mapping[str, str]) -> Access:
    """``given`` with the end that the bank names, if its consent is valid. Raises ``not_valid``."""
    if status != "valid":
        raise not_valid(status, callback)
    return replace(given, valid_until=valid_until(client.consent(given.bank_consent_id, bearer(given))))


def ended(status: str) -> ProviderError:
    """Why a consent that was in use is no longer ``valid``: only the PSU can give a new one."""
    return ReconsentRequired(f"the bank consent is {safe_code(status) or 'no longer valid'}")


def valid_until(consent: consent_wire.Consent) -> datetime | None:
    """The end of the last day that the bank allows ("including the mentioned date"); None where it names no end.

    The bank may shorten what was asked, and answers 9999-12-31 for its longest.
    """
    try:
        day = dates.calendar_day(consent.valid_until or consent.valid_to, "validUntil")
    except BrokenRow as error:
        raise ContractBroken(str(error)) from None
    if day is None or day.year == 9999:
        return None
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _with_query(uri: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(uri)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *more.items()])
    return urlunsplit(parts._replace(query=query))
