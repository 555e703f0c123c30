"""Every page, rich and bare: renders, obeys the CSP, can be used by everybody, and leaks no markup."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hub.web import format
from hub.web.viewmodels import ConnectionState, Flash
from tests.web import samples

PAGES = {
    f"{kind}-{name}": page
    for kind, pages in (("rich", samples.RICH), ("bare", samples.BARE))
    for name, page in pages.items()
}
TOKENS = (samples.WEB / "static" / "tokens.css").read_text("utf-8")
VOID = {"meta", "link", "input", "br", "hr", "img"}


class Document(HTMLParser):
    """Just enough of a page to ask questions of: every start tag in order, and what encloses it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str], tuple[str, ...]]] = []
        self.open: list[str] = []
        self.mismatched: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}, tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}, tuple(self.open)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.mismatched.append(tag)

    def all(self, *names: str) -> Iterator[dict[str, str]]:
        return (attrs for tag, attrs, _ in self.tags if tag in names)


@cache
def written(name: str) -> str:
    return samples.render(*PAGES[name])


@cache
def page(name: str) -> Document:
    return Document(written(name))


@pytest.fixture(params=PAGES)
def html(request: pytest.FixtureRequest) -> str:
    return written(request.param)


@pytest.fixture(params=PAGES)
def doc(request: pytest.FixtureRequest) -> Document:
    return page(request.param)


def test_every_template_is_among_the_samples() -> None:
    files = {path.name for path in (samples.WEB / "templates").glob("*.html")} - {"base.html"}
    assert files == {template for template, _, _ in PAGES.values()}


def test_tags_are_closed_in_order_and_ids_are_unique(doc: Document) -> None:
    assert doc.mismatched == []
    assert doc.open == []
    ids = [attrs["id"] for _, attrs, _ in doc.tags if "id" in attrs]
    assert sorted(ids) == sorted(set(ids))


def test_nothing_inline_that_the_csp_forbids(doc: Document) -> None:
    for tag, attrs, _ in doc.tags:
        assert tag != "style"
        assert "style" not in attrs
        assert not [key for key in attrs if key.startswith("on")]
    scripts = [attrs.get("src") for attrs in doc.all("script")]
    has_passkeys = any("data-passkey" in attrs for attrs in doc.all("form"))
    more = [*(["/static/passkey.js"] if has_passkeys else []), *(["/static/form_post.js"] if _leaves(doc) else [])]
    more += ["/static/bank_return.js"] if any(tag.get("id") == "bank-return" for tag in doc.all("div")) else []
    more += ["/static/push.js"] if any(tag.get("id") == "push" for tag in doc.all("form")) else []
    assert scripts == ["/static/app.js", *more]


def _leaves(doc: Document) -> bool:
    """Whether it is the one page whose form goes to an app (form_post)."""
    return any(attrs.get("id") == "form-post" for attrs in doc.all("form"))


def test_nothing_is_fetched_from_another_origin(doc: Document) -> None:
    for tag, attrs, _ in doc.tags:
        for key in ("src", "srcset", "data", "action", "formaction", "xlink:href"):
            leads_away = key == "action" and attrs.get("id") == "form-post"
            assert leads_away or not urlsplit(attrs.get(key, "")).netloc, (tag, attrs)
        if tag == "link":
            assert attrs["href"].startswith("/static/")
            assert (samples.WEB / attrs["href"].lstrip("/")).is_file()


@pytest.mark.parametrize("path", sorted((samples.WEB / "static").iterdir()), ids=lambda path: path.name)
def test_static_files_name_no_other_origin(path: Path) -> None:
    text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|url\(['\"]?//|@import|\binnerHTML\b|\beval\b", text)


def test_links_lead_to_the_web_and_nowhere_else(doc: Document) -> None:
    for attrs in doc.all("a"):
        saved = "download" in attrs and attrs["href"].startswith("data:application/json;base64,")
        assert saved or re.match(r"/(?!/)|#|\?|https://|otpauth://totp/", attrs["href"]), attrs


def test_every_post_form_carries_the_csrf_token(html: str) -> None:
    forms = re.findall(r"<form\b.*?</form>", html, re.S)
    for form in (form for form in forms if 'method="post"' in form and 'id="form-post"' not in form):
        assert form.count('<input type="hidden" name="csrf_token" value="token-of-the-form">') == 1
    for form in (form for form in forms if 'method="get"' in form):
        assert "csrf_token" not in form


def test_every_input_has_a_label(doc: Document) -> None:
    labelled = {attrs["for"] for attrs in doc.all("label") if "for" in attrs}
    for tag, attrs, around in doc.tags:
        if tag in ("input", "select", "textarea") and attrs.get("type") != "hidden":
            assert attrs.get("id") in labelled or "label" in around or attrs.get("aria-label"), attrs


def test_every_reference_inside_the_page_has_its_target(doc: Document) -> None:
    ids = {attrs["id"] for _, attrs, _ in doc.tags if "id" in attrs}
    for _, attrs, _ in doc.tags:
        for key in ("for", "aria-labelledby", "aria-describedby", "data-copy"):
            assert set(attrs.get(key, "").split()) <= ids, attrs
        if attrs.get("href", "").startswith("#"):
            assert attrs["href"][1:] in ids


def test_one_h1_and_no_heading_level_is_skipped(doc: Document) -> None:
    levels = [int(tag[1]) for tag, _, _ in doc.tags if re.fullmatch("h[1-6]", tag)]
    # A legend names its part of the page like an h2, so an h3 may follow it.
    has_legend = any(doc.all("legend"))
    assert levels.count(1) == 1
    assert levels[0] in (1, 2)  # an error summary may stand before the title
    for before, after in pairwise(levels):
        assert after - before <= (2 if has_legend else 1), levels


def test_landmarks_language_title_and_a_skip_link(doc: Document) -> None:
    for landmark in ("main", "header"):
        assert len(list(doc.all(landmark))) == 1
    assert next(doc.all("html"))["lang"] == "en"
    assert next(doc.all("a")) == {"class": "skip", "href": "#main"}
    assert all(attrs.get("aria-label") for attrs in doc.all("nav"))


def test_drawings_are_described_or_hidden(doc: Document) -> None:
    for tag, attrs, around in doc.tags:
        if tag == "svg" and "svg" not in around:
            named = attrs.get("role") == "img" and (attrs.get("aria-label") or attrs.get("aria-labelledby"))
            assert named or attrs.get("aria-hidden") == "true", attrs


def test_text_from_outside_never_becomes_markup(html: str) -> None:
    assert "<script>" not in html
    assert "</pre><script" not in html


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("bare-login", {"login", "password", "submit"}),
        ("rich-consent_request", {"consent-approve", "consent-deny"}),
        ("rich-consent_login_only", {"consent-approve", "consent-deny"}),
        ("bare-error", {"error-title"}),
        ("bare-logout", {"logout-confirm"}),
    ],
)
def test_the_ids_that_outside_test_suites_rely_on_stay(name: str, ids: set[str]) -> None:
    assert ids <= {attrs.get("id") for _, attrs, _ in page(name).tags}


def test_the_consent_form_sends_what_the_route_expects() -> None:
    fields = [
        (a.get("name"), a.get("value")) for a in page("rich-consent_request").all("input", "button") if "name" in a
    ]
    assert [value for name, value in fields if name == "account"] == ["a1", "a2", "a3", "a4"]
    assert [value for name, value in fields if name == "permission:a1"] == [
        "accounts",
        "balances",
        "transactions",
    ]
    assert [value for name, value in fields if name == "permission:a4"] == ["accounts"]
    assert {value for name, value in fields if name == "history"} == {"90", "365", "all", "asked"}
    assert {value for name, value in fields if name == "duration"} == {"30", "90", "180"}
    assert [value for name, value in fields if name == "decision"] == ["deny", "approve"]


def test_a_login_only_consent_asks_for_no_account_and_no_date() -> None:
    names = {attrs.get("name") for attrs in page("rich-consent_login_only").all("input", "button")}
    assert names == {"csrf_token", "decision"}


def test_allow_and_deny_are_equally_large_and_neither_is_preselected() -> None:
    css = (samples.WEB / "static" / "components.css").read_text("utf-8")
    assert ".decide { display: grid; gap: var(--s3); grid-template-columns: 1fr 1fr; }" in css
    buttons = [a for a in page("rich-consent_request").all("button") if a.get("name") == "decision"]
    assert [sorted(a["class"].split())[0] for a in buttons] == ["btn", "btn"]
    assert not [a for a in buttons if "autofocus" in a]


def test_allow_is_greyed_out_where_there_is_nothing_to_allow() -> None:
    buttons = {a["id"]: a for a in page("bare-consent_request").all("button") if "id" in a}
    assert "disabled" in buttons["consent-approve"]
    assert "disabled" not in buttons["consent-deny"]


def test_the_consent_screen_leads_nowhere_but_to_a_bank() -> None:
    links = {attrs["href"] for attrs in page("rich-consent_request").all("a")}
    assert links == {"#main", "/connect?next=%2Fconsent%2Fr1"}


def test_an_apps_own_pages_open_apart_and_learn_nothing_of_the_request() -> None:
    """oidcc-registration-policy-uri, oidcc-registration-tos-uri; RFC 9700 4.2."""
    links = [attrs for attrs in page("rich-consent_login_only").all("a") if attrs["href"].startswith("https:")]
    assert [one["href"] for one in links] == ["https://ledgerly.example/privacy", "https://ledgerly.example/terms"]
    assert all((one["target"], one["rel"]) == ("_blank", "noopener noreferrer nofollow") for one in links)


@pytest.mark.parametrize("state", ConnectionState)
def test_only_a_syncing_connection_reloads_itself(state: ConnectionState) -> None:
    refreshes = [a for a in page(f"bare-connection_{state}").all("meta") if a.get("http-equiv") == "refresh"]
    assert len(refreshes) == (state is ConnectionState.SYNCING)


def test_passwords_are_never_written_back_into_a_page(doc: Document) -> None:
    assert not [a for a in doc.all("input") if a.get("type") == "password" and "value" in a]


def test_a_secret_stays_out_of_its_values_repr() -> None:
    value, with_key = samples.RICH["credentials"][1], samples.RICH["credentials_key"][1]
    assert value.secret
    assert value.secret not in repr(value)
    assert '"d"' in with_key.private_key
    assert '"d"' not in repr(with_key)


def test_flashes_are_announced_and_escaped() -> None:
    html = samples.render("status.html", samples.BARE["status"][1], None, (Flash("error", samples.EVIL),))
    assert 'role="status"' in html
    assert "<script>alert" not in html


# --- colour ------------------------------------------------------------------------------------------------------


def palette(scheme: str) -> dict[str, str]:
    """The colour tokens of one scheme; dark ones override light ones."""
    light, dark = TOKENS.split("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)) if scheme == "dark" else {})


TEXT_PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-soft", "primary") for ground in ("bg", "surface", "sunk", "primary-tint")),
    *((word, ground) for word in ("danger", "good") for ground in ("bg", "surface")),
    ("ink", "danger-tint"),
    ("ink", "warn-tint"),
    ("ink", "good-tint"),
    ("danger", "danger-tint"),
    ("warn", "warn-tint"),
    ("good", "good-tint"),
    ("on-primary", "primary"),
    ("on-primary", "primary-hover"),
    ("on-neutral", "neutral"),
    ("on-neutral", "neutral-hover"),
]
EDGE_PAIRS = [(edge, ground) for edge in ("focus", "line-strong", "primary") for ground in ("bg", "surface")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_can_be_read_on_every_ground_it_is_put_on(scheme: str, ink: str, ground: str) -> None:
    colours = palette(scheme)
    assert format.contrast(colours[ink], colours[ground]) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_edges_and_focus_rings_can_be_seen(scheme: str, edge: str, ground: str) -> None:
    colours = palette(scheme)
    assert format.contrast(colours[edge], colours[ground]) >= 3  # WCAG 2.2, 1.4.11


@pytest.mark.parametrize("name", ["base.css", "components.css"])
def test_colours_are_named_in_tokens_only_and_every_token_used_exists(name: str) -> None:
    css = (samples.WEB / "static" / name).read_text("utf-8")
    assert not re.search(r":[^;{]*#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\(", css)
    assert set(re.findall(r"var\(--([\w-]+)\)", css)) <= set(re.findall(r"--([\w-]+):", TOKENS))
