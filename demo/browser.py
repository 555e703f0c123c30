"""A person's browser, as far as this story needs one: cookies, links, forms. Pages are read as they are served."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import Cookie
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import requests


@dataclass
class Form:
    action: str = ""
    method: str = "get"
    fields: list[tuple[str, str]] = field(default_factory=list)  # what would be sent as the page stands
    boxes: list[tuple[str, str]] = field(default_factory=list)  # every checkbox, ticked or not
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)  # id -> name, value
    ids: set[str] = field(default_factory=set)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.anchors: list[tuple[str, list[str]]] = []  # href and the pieces of its text, in the page's order
        self.tags: set[str] = set()
        self._anchor: list[str] | None = None
        self.text: list[str] = []
        self.values: dict[str, str] = {}  # id -> what an input or the text of an element holds
        self._inside: str | None = None
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = given.get("id")
        if self._inside and "value" in given:
            self.values[self._inside] = given["value"]
        self.tags.add(tag)
        if tag == "a" and "href" in given:
            self._anchor = []
            self.anchors.append((given["href"], self._anchor))
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None and tag in {"input", "button", "select", "textarea"}:
            self._control(self._form, tag, given)

    def _control(self, form: Form, tag: str, given: dict[str, str]) -> None:
        form.ids.add(given.get("id", ""))
        name, value, kind = given.get("name", ""), given.get("value", ""), given.get("type", "text")
        if tag == "button" or kind == "submit":
            form.buttons[given.get("id", "")] = (name, value)
        elif kind in {"checkbox", "radio"}:
            form.boxes.append((name, value or "on"))
            if "checked" in given:
                form.fields.append((name, value or "on"))
        elif name:
            form.fields.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "a":
            self._anchor = None

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data.strip())
            if self._anchor is not None:
                self._anchor.append(data.strip())
            if self._inside:
                self.values.setdefault(self._inside, data.strip())


class Browser:
    """``url`` and ``page`` are where it stands. Redirects are followed; an answer of 400 or more is an error."""

    def __init__(self, ca_file: Path | None = None) -> None:
        """``ca_file`` is an authority to trust, for a hub that made its own."""
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.verify = True if ca_file is None else str(ca_file)
        self.url = ""
        self.visited: list[str] = []  # every address, redirects included
        self._read = _Reader()

    def open(self, url: str) -> "Browser":
        return self._arrive(self._http.get(urljoin(self.url, url), timeout=30))

    def submit(
        self,
        button: str,
        values: Mapping[str, str] | None = None,
        *,
        tick: Mapping[str, list[str]] | None = None,
    ) -> "Browser":
        """Press the button with this id; a form may also be named by a field's id or by where it posts.

        ``values`` replaces fields by name; ``tick`` says, per name, exactly which boxes are ticked.
        """
        named = (form for form in self._read.forms if button in form.ids or button == form.action)
        form = next(named, None)
        if form is None:
            raise RuntimeError(f"no form {button!r} at {self.url}: {self.text[:300]}")
        replaced = set(values or {}) | set(tick or {})
        data = [(name, value) for name, value in form.fields if name not in replaced]
        data += list((values or {}).items())
        data += [(name, value) for name, ticked in (tick or {}).items() for value in ticked]
        name, value = form.buttons.get(button, ("", ""))
        if name:
            data.append((name, value))
        target = urljoin(self.url, form.action)
        if form.method == "post":
            return self._arrive(self._http.post(target, data=data, timeout=60))
        return self._arrive(self._http.get(target, params=data, timeout=30))

    def has(self, control: str) -> bool:
        """Whether the page has a form control with this id."""
        return any(control in form.ids for form in self._read.forms)

    def boxes(self, name: str) -> list[str]:
        return [value for form in self._read.forms for box, value in form.boxes if box == name]

    def value(self, control: str) -> str:
        """What stands in the input, or in the element, with this id."""
        return self._read.values[control]

    @property
    def cookies(self) -> list[Cookie]:
        return [cookie for cookie in self._http.cookies if isinstance(cookie, Cookie)]

    def seen_parameters(self, *names: str) -> set[str]:
        """The values that passed through this browser's address bar under these names."""
        queries = [parse_qs(urlsplit(url).query) | parse_qs(urlsplit(url).fragment) for url in self.visited]
        return {value for query in queries for name in names for value in query.get(name, [])}

    @property
    def actions(self) -> list[str]:
        """Where the page's forms post to, in order."""
        return [form.action for form in self._read.forms]

    @property
    def anchors(self) -> list[tuple[str, list[str]]]:
        """Each link's href and the pieces of its text, in order."""
        return self._read.anchors

    @property
    def is_waiting(self) -> bool:
        """Whether the page shows a progress bar."""
        return "progress" in self._read.tags

    @property
    def has_picture(self) -> bool:
        return "img" in self._read.tags

    @property
    def text(self) -> str:
        return " ".join(self._read.text)

    def json(self, url: str) -> tuple[int, dict[str, object]]:
        answer = self._http.get(urljoin(self.url, url), timeout=30)
        return answer.status_code, answer.json()

    def _arrive(self, answer: requests.Response) -> "Browser":
        self.url = answer.url
        self.visited += [one.url for one in (*answer.history, answer)]
        self._read = _Reader()
        self._read.feed(answer.text)
        if answer.status_code >= 400:
            raise RuntimeError(f"{answer.status_code} at {answer.url}: {self.text[:300]}")
        return self
