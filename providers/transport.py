"""The only door to a bank: one session per institution, and nothing about it is left to the other side.

A call goes to the institution's own origins or nowhere; follows no redirect; ends within a total time; reads a bounded
body; sends no cookie back; and leaves a log line without headers, bodies or queries. GET and DELETE, which say the same
when they are said twice (RFC 9110 9.2.2), are tried again where the connection or a gateway failed, and where the bank
asks for a moment; nothing else is repeated, for a POST may have been heard.
"""

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from typing import NoReturn
from urllib.parse import quote, urlencode, urljoin, urlsplit, urlunsplit

import requests

from providers import capture, redact
from providers.deadline import DeadlineAdapter, call_ends_at
from providers.errors import ContractBroken, Failing, ProviderError, Transient
from providers.interaction import Call, Heard, Outcome, family, outcome_of, request_id_of

log = logging.getLogger(__name__)
# Its DEBUG lines hold queries, which ours leave out.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

Signer = Callable[[requests.PreparedRequest], None]
Checker = Callable[[requests.PreparedRequest, "Answer"], None]
"""Raises ContractBroken for an answer that is not the bank's, or not to this request."""
Origin = tuple[str, str, int]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_GATEWAY_FAILURES = frozenset({502, 503, 504})
_REPEATABLE = frozenset({"GET", "DELETE"})
_LONGEST_RETRY_AFTER_S = 7 * 24 * 3600
_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    connect_s: float = 3.05
    read_s: float = 10.0
    total_s: float = 30.0
    body_bytes: int = 8 * 1024 * 1024
    tries: int = 2
    pause_s: float = 0.4
    """Between tries: drawn from 0 to this, then to twice this, so that callers do not return together."""
    longest_pause_s: float = 2.0
    """A bank that asks for more (Retry-After) is not waited for: its word goes to the caller."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``headers`` have lower-case names. Neither they nor the body are shown."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Transport:
    """HTTP for one institution. ``urls`` are its configured ones: their origins are the allow-list. ``heard`` is told
    how each exchange went."""

    def __init__(
        self,
        institution_id: str,
        urls: Iterable[str],
        *,
        client_certificate: tuple[str, str] | None = None,
        ca_bundle: str | None = None,
        sign: Signer | None = None,
        check: Checker | None = None,
        limits: Limits | None = None,
        heard: Heard | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.institution_id = institution_id
        self.limits = limits or Limits()
        self._netlocs = dict(_origin_and_netloc(url) for url in urls)
        self._sign = sign
        self._check = check
        self._heard = heard
        self._sleep = sleep
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies, .netrc or CA bundles from whoever started the process
        self._session.verify = ca_bundle or True
        self._session.cert = client_certificate
        # One session serves many people: a cookie set for one must not travel with another.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update({"User-Agent": "rialto", "Accept": "application/json"})
        if check is not None:  # a digest is of what was sent
            self._session.headers["Accept-Encoding"] = "identity"
        for prefix in ("http://", "https://"):
            self._session.mount(prefix, DeadlineAdapter(max_retries=0))

    def resolve(self, base: str, link: str) -> str:
        """``link`` from an answer of ``base`` as an absolute URL of this institution; ContractBroken if it leads away.

        The result is rebuilt around our own spelling of the host, so no two parsers can disagree on where it points.
        """
        if any(ord(char) <= 0x20 or ord(char) == 0x7F or char == "\\" for char in link):
            self._broken("a link holds characters that no URL has")
        try:
            parts = urlsplit(urljoin(base, link))
            origin = _origin(parts.scheme, parts.hostname, parts.port)
        except ValueError:
            self._broken("a link is not a URL")
        if parts.username is not None or parts.password is not None or origin not in self._netlocs:
            self._broken("a link leads away from the bank")
        path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
        query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
        return urlunsplit((parts.scheme, self._netlocs[origin], path, query, ""))

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str | None] | None = None,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: bytes | None = None,
        body: tuple[str, bytes] | None = None,
        most_bytes: int | None = None,
    ) -> Answer:
        """One exchange. Every status below 300 and from 400 to 499 is an Answer; 3xx and 5xx are errors.

        A header that is None is left out, even one that every call has. ``body`` is a media type and its content.
        ``most_bytes`` of an answer are read, where it may be larger than ``limits`` lets others be. Raises Transient
        (no connection, too slow), Failing (5xx) and ContractBroken (foreign URL, redirect, body too large).
        """
        target = self.resolve(url, url)
        if query:
            target += ("&" if "?" in target else "?") + urlencode(query)
        if json is not None:
            body = "application/json", json
        request = requests.Request(method, target, headers=dict(headers or {}), data=form or (body and body[1]))
        if body is not None:
            request.headers["Content-Type"] = body[0]
        ends_at = time.monotonic() + self.limits.total_s
        token = call_ends_at.set(ends_at)
        try:
            return self._tries(request, ends_at, most_bytes or self.limits.body_bytes)
        finally:
            call_ends_at.reset(token)

    def pause(self, seconds: float) -> None:
        """Between two calls, where the bank wants time."""
        self._sleep(seconds)

    def _tries(self, request: requests.Request, ends_at: float, most_bytes: int) -> Answer:
        tries = self.limits.tries if request.method in _REPEATABLE else 1
        for number in range(1, tries + 1):
            pause_s: float | None = self._pause_s(number, ends_at) if number < tries else None
            began = time.monotonic()
            try:
                response = self._send(request, ends_at)
            except requests.RequestException as error:
                # the type only: requests' own message holds the URL with its query
                self._tell(request, began, "unreachable", type(error).__name__)
                if isinstance(error, requests.exceptions.ReadTimeout):
                    raise Transient("too slow") from None
                if isinstance(error, requests.exceptions.SSLError):
                    raise Transient("TLS failed: one side did not accept the other's certificate") from None
                if not isinstance(error, requests.exceptions.ConnectionError):
                    self._broken(f"not an HTTP answer: {type(error).__name__}")
                if pause_s is None:
                    raise Transient(f"no connection: {type(error).__name__}") from None
            else:
                with closing(response):
                    if pause_s is not None:
                        pause_s = self._pause_wanted_s(response, pause_s, ends_at)
                    if pause_s is None:
                        return self._told(request, began, response, ends_at, most_bytes)
                    status = response.status_code
                    self._tell(request, began, outcome_of(status), f"HTTP {status}")
                    capture.note_answer(response, b"")
            self._sleep(pause_s)
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    def _told(
        self, request: requests.Request, began: float, response: requests.Response, ends_at: float, most_bytes: int
    ) -> Answer:
        """The answer, and how it was."""
        status = response.status_code
        outcome, detail = outcome_of(status), f"HTTP {status}"
        try:
            return self._answer(response, ends_at, most_bytes)
        except ProviderError as error:
            outcome, detail = "failed", detail if outcome == "failed" else f"{detail}: {type(error).__name__}"
            raise
        finally:
            self._tell(request, began, outcome, detail)

    def _tell(self, request: requests.Request, began: float, outcome: Outcome, detail: str) -> None:
        if self._heard is None:
            return
        shape = redact.path(urlsplit(request.url).path)
        took_ms = int((time.monotonic() - began) * 1000)
        request_id = request_id_of(request.headers)
        call = Call(self.institution_id, request.method, shape, outcome, detail, request_id, took_ms, family.get())
        self._heard(call)

    def _pause_s(self, number: int, ends_at: float) -> float | None:
        """Before the try that follows the ``number``-th; None where the call would be over before it."""
        pause_s = secrets.SystemRandom().uniform(0, self.limits.pause_s * 2 ** (number - 1))
        return pause_s if time.monotonic() + pause_s < ends_at else None

    def _pause_wanted_s(self, response: requests.Response, pause_s: float, ends_at: float) -> float | None:
        """``pause_s``, or as long as the bank asks for; None where the answer is to be taken as it is."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        wanted_s = retry_after_s(Answer(response.status_code, headers, b""))
        if wanted_s is None:
            return pause_s if response.status_code in _GATEWAY_FAILURES else None
        if response.status_code not in {429, *_GATEWAY_FAILURES} or wanted_s > self.limits.longest_pause_s:
            return None
        pause_s += wanted_s
        return pause_s if time.monotonic() + pause_s < ends_at else None

    def _send(self, request: requests.Request, ends_at: float) -> requests.Response:
        prepared = self._session.prepare_request(request)
        if self._sign is not None:
            self._sign(prepared)
        limits = self.limits
        left_s = max(0.001, ends_at - time.monotonic())
        started = time.monotonic()
        status = 0
        try:
            response = self._session.send(
                prepared,
                stream=True,
                allow_redirects=False,
                timeout=(min(limits.connect_s, left_s), min(limits.read_s, left_s)),
            )
            status = response.status_code
            return response
        except requests.RequestException as error:
            capture.note_failure(prepared, error)
            raise
        finally:
            where = urlsplit(prepared.url or "")
            took_ms = (time.monotonic() - started) * 1000
            shape = redact.path(where.path)
            log.debug("%s %s %s %s %.0f ms", prepared.method, where.hostname, shape, status or "-", took_ms)

    def _answer(self, response: requests.Response, ends_at: float, most_bytes: int) -> Answer:
        body = bytearray()
        try:
            answer = self._read(response, body, ends_at, most_bytes)
            if self._check is not None:
                self._check(response.request, answer)
        except ProviderError as error:
            capture.note_answer(response, bytes(body), failed=error.reason)
            raise
        capture.note_answer(response, answer.body)
        return answer

    def _read(self, response: requests.Response, body: bytearray, ends_at: float, most_bytes: int) -> Answer:
        """Fills ``body`` as far as it comes."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        status = response.status_code
        if status >= 500:
            raise Failing(f"HTTP {status}", retry_after_s=retry_after_s(Answer(status, headers, b"")))
        if 300 <= status < 400:
            self._broken(f"HTTP {status}: redirects are not followed")
        try:
            for chunk in response.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > most_bytes:
                    self._broken(f"more than {most_bytes} bytes", raw=bytes(body))
                if time.monotonic() > ends_at:
                    raise Transient("too slow")
        except requests.exceptions.ContentDecodingError:
            self._broken("the body is not in the encoding it names", raw=bytes(body))
        except requests.RequestException as error:
            raise Transient(f"the answer broke off: {type(error).__name__}") from None
        return Answer(status, headers, bytes(body))

    def _broken(self, reason: str, *, raw: bytes = b"") -> NoReturn:
        raise ContractBroken(reason, raw=raw, institution_id=self.institution_id)


def path_segment(value: str) -> str:
    """A bank's id as one segment of a path. ContractBroken for an id that would climb out of it."""
    if value in ("", ".", ".."):
        raise ContractBroken("an id that cannot stand in a path")
    return quote(value, safe="")


def retry_after_s(answer: Answer) -> int | None:
    """Retry-After (RFC 9110 10.2.3) in whole seconds, bounded to a week; None where absent or unreadable."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), _LONGEST_RETRY_AFTER_S)
    until = _http_date(text)
    if until is None:
        return None
    return max(0, min(int((until - _bank_now(answer)).total_seconds()), _LONGEST_RETRY_AFTER_S))


def seconds_to_next_day(answer: Answer) -> int:
    """Until midnight UTC after the bank's own Date: when a daily quota has surely begun anew."""
    now = _bank_now(answer)
    gone = timedelta(hours=now.hour, minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
    return int((timedelta(days=1) - gone).total_seconds()) + 1  # no sum of dates: a bank's may be the last there is


def _bank_now(answer: Answer) -> datetime:
    return _http_date(answer.headers.get("date", "")) or datetime.now(UTC)


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _origin(scheme: str, host: str | None, port: int | None) -> Origin:
    if scheme not in _DEFAULT_PORTS or not host:
        raise ValueError("not an HTTP URL")
    return scheme, host.lower(), port or _DEFAULT_PORTS[scheme]


def _origin_and_netloc(url: str) -> tuple[Origin, str]:
    """A configured URL's origin and its spelling. ValueError if it is no URL, or plain HTTP to another machine."""
    parts = urlsplit(url)
    origin = _origin(parts.scheme, parts.hostname, parts.port)
    if parts.username is not None:
        raise ValueError("a bank's URL holds no credentials")
    if parts.scheme == "http" and not _is_loopback(origin[1]):
        raise ValueError(f"{origin[1]}: plain HTTP is for banks on this machine only")
    return origin, parts.netloc


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
