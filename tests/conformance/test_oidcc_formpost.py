"""oidcc-formpost-basic: how an answer looks that travels as a form (OAuth 2.0 Form Post Response Mode).

The modules of the plan are those of oidcc-basic, which test_oidcc_basic and test_oidcc_basic_login run in both ways.
"""

from tests.conformance.browser import Page
from tests.conformance.provider import Provider
from tests.conformance.rp import CALLBACK, Client, goes_on, shop


def posting(client: Client, provider: Provider) -> Page:
    """The page that carries the answer."""
    browser = provider.signed_in()
    asks = goes_on(client.ask(browser, client.asked(response_mode="form_post", state='"><script>alert(1)</script>')))
    page = browser.press(asks, "consent-approve")
    assert isinstance(page, Page)
    return page


def test_the_answer_is_one_form_that_works_without_a_script(provider: Provider) -> None:
    """2, 4: 200, never cached; one form to the client with a button, and nothing of the answer in any address."""
    page = posting(shop(provider), provider)
    assert page.status == 200
    assert page.response.headers["Cache-Control"] == "no-store"
    (form,) = page.forms
    assert (form.method, form.action) == ("POST", CALLBACK)
    assert {one.name for one in form.controls if one.name} == {"code", "state", "iss"}
    assert any(one.kind == "submit" for one in form.controls)
    assert "Location" not in page.response.headers


def test_nothing_of_the_client_becomes_markup_and_no_script_is_in_the_page_itself(provider: Provider) -> None:
    """4: values are escaped; the policy lets the form go to the client and nowhere else (RFC 9700 4.2, 4.16)."""
    page = posting(shop(provider), provider)
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    policy = page.response.headers["Content-Security-Policy"]
    assert "form-action 'self' https://shop.example;" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.response.headers["Referrer-Policy"] == "no-referrer"


def test_a_refusal_is_posted_too(provider: Provider) -> None:
    """OIDC Core 3.1.2.6, in the mode that was asked for."""
    answer = shop(provider, mode="form_post").sign_in(provider.browser(), prompt="none")
    assert (answer.mode, answer.params["error"]) == ("form_post", "login_required")
