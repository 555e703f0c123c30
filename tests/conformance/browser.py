"""A simple browser without JavaScript, and the person who sits at it: cookies, forms by the ids of their controls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.people import PASSWORD

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MANY = 12


@dataclass
class Control:
    id: str
    name: str
    value: str
    kind: str
    sent: bool


@dataclass
class Form:
    action: str
    method: str
    id: str = ""
    controls: list[Control] = field(default_factory=list)

    def has(self, control: str) -> bool:
        return any(one.id == control for one in self.controls)

    def filled(self, button: str, values: Mapping[str, str], tick: str | None) -> list[tuple[str, str]]:
        """``values``: control id -> what is typed. ``tick``: all boxes of this name."""
        fields = []
        for one in self.controls:
            if one.kind in {"submit", "button"} and one.id != button:
                continue
            if one.sent or one.id == button or (one.kind == "checkbox" and one.name == tick):
                fields.append((one.name, values.get(one.id, one.value)))
        return [(name, value) for name, value in fields if name]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        if tag == "a":
            self.links.append(given.get("href", ""))
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").upper(), given.get("id", ""))
            self.forms.append(self._form)
        elif self._form is not None and tag in {"input", "button"}:
            kind = given.get("type", "submit" if tag == "button" else "text")
            sent = kind not in {"submit", "button", "checkbox", "radio"} or "checked" in given
            control = Control(given.get("id", ""), given.get("name", ""), given.get("value", ""), kind, sent)
            self._form.controls.append(control)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None


@dataclass
class Page:
    """What the hub shows."""

    response: TestResponse
    url: str

    def __post_init__(self) -> None:
        read = _Reader()
        read.feed(self.response.text)
        self.forms, self.ids, self.links = read.forms, read.ids, read.links

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def is_error(self) -> bool:
        """The error page, by the mark that the suite's browser is told to look for."""
        return "error-title" in self.ids

    def form(self, control: str) -> Form | None:
        return next((one for one in self.forms if one.has(control)), None)


@dataclass
class Answer:
    """What reached the client by way of the browser. ``mode``: query or form_post. ``status``: of the redirect."""

    url: str
    mode: str
    params: dict[str, str]
    status: int


Arrived = Page | Answer


@dataclass
class Browser:
    """``logins`` and ``consents`` count how often the person had to act."""

    http: FlaskClient
    base: str
    email: str
    logins: int = 0
    consents: int = 0

    def open(self, url: str) -> Arrived:
        url = urljoin(self.base, url)
        return self._arrive(self.http.get(self._path(url), base_url=self.base), url)

    def post(self, url: str, fields: Mapping[str, str], *, origin: str) -> Arrived:
        """A form on a page of somebody else's: a cross-site POST, with which SameSite=Lax cookies do not travel."""
        elsewhere = self.http.application.test_client()
        answer = elsewhere.post(
            self._path(url), base_url=self.base, data=fields, headers={"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        )
        return self._arrive(answer, url)

    def press(
        self, page: Page, button: str, values: Mapping[str, str] | None = None, *, tick: str | None = None
    ) -> Arrived:
        form = page.form(button)
        assert form is not None, f"no {button} at {page.url}: {page.text[:2000]}"
        fields = form.filled(button, values or {}, tick)
        target = urljoin(page.url, form.action)
        if not target.startswith(self.base):
            return Answer(target, "form_post", dict(fields), page.status)
        headers = {"Origin": self.base, "Sec-Fetch-Site": "same-origin"}
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        answer = self.http.post(self._path(target), base_url=self.base, data=data, headers=headers)
        return self._arrive(answer, target)

    def go_on(self, arrived: Arrived, *, allow: bool = True) -> Arrived:
        """Log in and answer where a page asks for it; ends at the client, or at a page that asks for neither."""
        for _ in range(MANY):
            if isinstance(arrived, Answer):
                return arrived
            if arrived.form("password") is not None:
                self.logins += 1
                arrived = self.log_in(arrived)
            elif arrived.form("consent-approve") is not None:
                self.consents += 1
                arrived = self.press(arrived, "consent-approve" if allow else "consent-deny", tick="account")
            elif any(form.id == "form-post" for form in arrived.forms):
                arrived = self.press(arrived, "submit")
            else:
                return arrived
        raise AssertionError("the pages go round in circles")

    def log_in(self, page: Page) -> Arrived:
        return self.press(page, "submit", {"login": self.email, "password": PASSWORD})

    def _arrive(self, response: TestResponse, url: str) -> Arrived:
        for _ in range(MANY):
            if response.status_code not in REDIRECTS:
                return Page(response, url)
            url = urljoin(url, response.headers["Location"])
            if not url.startswith(self.base):
                return Answer(url, "query", _query(url), response.status_code)
            response = self.http.get(self._path(url), base_url=self.base)
        raise AssertionError("the redirects go round in circles")

    def _path(self, url: str) -> str:
        assert url.startswith(self.base), url
        return url.removeprefix(self.base)


def _query(url: str) -> dict[str, Any]:
    pairs = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in pairs.values()), "an answer's parameters come once each"
    return {name: values[0] for name, values in pairs.items()}
