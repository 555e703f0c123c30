"""The sandbox banks as processes, and a person at their pages with nothing but form posts."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from providers.driving import FaultKind
from providers.model import Money
from providers.port import Adapter, Ask, AskingAdapter, LinkRequest, LinkStart, Psu, Redirect
from tests.providers import tpp

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 3, 15)
PSU = Psu("192.0.2.7", "Browser/1.0")

READING_FAULTS: dict[FaultKind, str] = {"down": "http_503", "busy": "rate_limited", "no_json": "html"}
PAGE_FAULTS: dict[FaultKind, str] = {"loop": "same_page", "astray": "foreign_link"}


@contextmanager
def bank_process(module: str, *flags: str) -> Iterator[str]:
    """The URL of a sandbox bank on a free port, its calendar at TODAY, with its control endpoints."""
    shared = ["--port", "0", "--today", TODAY.isoformat(), "--page-size", "50", "--control", "--watch-stdin"]
    process = subprocess.Popen(
        [sys.executable, "-m", module, *shared, *flags],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(5)


class Browser:
    """Follows the bank's own redirects and stops at the one that leads to the TPP."""

    def __init__(self, bank_url: str) -> None:
        self._bank = bank_url
        self._session = requests.Session()
        self._session.trust_env = False
        self.url = ""
        self.page = ""
        self.callback: Mapping[str, str] | None = None

    def open(self, url: str) -> None:
        self._go("GET", url)

    def send(self, action: str, **fields: Any) -> None:
        """Submits the page's form whose action ends in ``action``."""
        found = re.search(rf'<form method="post" action="([^"]*{action})"', self.page)
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.page)
        assert found is not None, self.page
        assert csrf is not None
        self._go("POST", urljoin(self.url, found[1]), {"csrf": csrf[1], **fields})

    def accounts(self) -> list[str]:
        return re.findall(r'name="account" value="([^"]+)"', self.page)

    def tan(self) -> str:
        found = re.search(r'id="demo-tan"[^>]*>\D*(\d{6})', self.page)
        assert found is not None, self.page
        return found[1]

    def _go(self, method: str, url: str, form: dict[str, Any] | None = None) -> None:
        for _ in range(10):
            answer = self._session.request(method, url, data=form, allow_redirects=False, timeout=10)
            if answer.status_code not in (302, 303):
                self.url, self.page = url, answer.text
                return
            url, method, form = urljoin(url, answer.headers["Location"]), "GET", None
            if not url.startswith(self._bank):
                self.callback = dict(parse_qsl(urlsplit(url).fragment or urlsplit(url).query))
                return
        raise AssertionError("the bank redirects without end")


@dataclass
class SandboxDriver:
    """providers.conformance.Driver for one of the banks, with Alice at the keyboard."""

    adapter: Adapter
    bank_url: str
    password: str
    has_tan: bool
    known_amounts: Mapping[str, Money]
    period: tuple[date, date] = (TODAY - timedelta(days=120), TODAY)
    attempts: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> LinkStart:
        return self.start_with(self.adapter.start)

    def start_with(self, begin: Callable[[LinkRequest], LinkStart]) -> LinkStart:
        self.attempts += 1
        now = datetime.now(UTC)
        start = begin(
            LinkRequest(
                redirect_uri=tpp.CALLBACK,
                state=f"state-{self.attempts}",
                nonce=f"nonce-{self.attempts}",
                now=now,
                valid_until=now.date() + timedelta(days=90),
                psu=PSU,
            )
        )
        if isinstance(start.step, Ask):
            assert isinstance(self.adapter, AskingAdapter)
            gone_on = self.adapter.advance(start.state, self.answers, now=now, psu=PSU)
            assert isinstance(gone_on, LinkStart)
            return gone_on
        return start

    def allow(self, start: LinkStart) -> Mapping[str, str]:
        browser = self._logged_in(start)
        browser.send("/decision", decision="approve", account=browser.accounts())
        if self.has_tan:
            browser.send("/tan", tan=browser.tan(), decision="approve")
        assert browser.callback is not None, browser.page
        return browser.callback

    def deny(self, start: LinkStart) -> Mapping[str, str]:
        browser = self._logged_in(start)
        browser.send("/decision", decision="deny")
        assert browser.callback is not None, browser.page
        return browser.callback

    @contextmanager
    def fault(self, kind: FaultKind) -> Iterator[None]:
        try:
            for area in ("accounts", "transactions"):
                if kind in READING_FAULTS or area == "transactions":
                    self.control(fault={**READING_FAULTS, **PAGE_FAULTS}[kind], on=area)
            yield
        finally:
            self.control(fault=None)

    def control(self, path: str = "", **body: Any) -> None:
        requests.post(f"{self.bank_url}/_control{path}", json=body, timeout=10).raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{self.bank_url}/_control/requests", timeout=10).json()["requests"]
        return found

    def _logged_in(self, start: LinkStart) -> Browser:
        browser = Browser(self.bank_url)
        assert isinstance(start.step, Redirect)
        browser.open(start.step.url)
        browser.send("/login", username="alice", password=self.password)
        return browser
