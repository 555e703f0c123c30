"""A TPP of our own for Lorelei Bank: the calls that a real one makes, and the person's way through the pages."""

import uuid
from typing import Any

import requests

from tests.sandbox.browser import Browser

REDIRECT_URI = "http://127.0.0.1:9/callback?state=s1"
NOK_URI = "http://127.0.0.1:9/callback?state=s1&nok=1"
OFFERED: dict[str, Any] = {"accounts": [], "balances": [], "transactions": []}


class BerlinTpp:
    def __init__(self, bank_url: str) -> None:
        self.url = bank_url
        self.http = requests.Session()

    def call(
        self, method: str, path: str, consent_id: str = "", *, present: bool = True, **more: Any
    ) -> requests.Response:
        url = path if path.startswith("http") else f"{self.url}{path}"
        headers = {"X-Request-ID": str(uuid.uuid4()), "Accept": "application/json", **more.pop("headers", {})}
        if present:
            headers["PSU-IP-Address"] = "192.0.2.7"
        if consent_id:
            headers["Consent-ID"] = consent_id
        headers = {name: value for name, value in headers.items() if value is not None}
        return self.http.request(method, url, headers=headers, timeout=more.pop("timeout", 5), **more)

    def propose(self, access: Any = None, headers: dict[str, Any] | None = None, **changes: Any) -> requests.Response:
        body = {
            "access": OFFERED if access is None else access,
            "recurringIndicator": True,
            "validUntil": "9999-12-31",
            "frequencyPerDay": 4,
            "combinedServiceIndicator": False,
            **changes,
        }
        uris = {"TPP-Redirect-URI": REDIRECT_URI, "TPP-Nok-Redirect-URI": NOK_URI, **(headers or {})}
        return self.call("POST", "/v1/consents", json=body, headers=uris)

    def log_in(self, proposed: dict[str, Any], username: str = "alice") -> Browser:
        browser = Browser(self.url)
        assert browser.open(proposed["_links"]["scaRedirect"]["href"]) is None
        assert browser.submit(username=username, password=f"{username}-at-lorelei") is None
        return browser

    def approve(self, proposed: dict[str, Any], username: str = "alice") -> str | None:
        """The whole way through the bank's pages, all offered accounts picked; the address it ends at."""
        browser = self.log_in(proposed, username)
        boxes = browser.find_all(r'name="account" value="([^"]+)"')
        assert browser.submit(account=boxes, decision="approve") is None
        return browser.submit(tan=browser.find(r'id="demo-tan" class="tan">(\d{6})<'), decision="approve")

    def linked(self, username: str = "alice", access: Any = None, **changes: Any) -> str:
        """The id of a valid consent."""
        proposed = self.propose(access, **changes).json()
        assert self.approve(proposed, username) == REDIRECT_URI
        return str(proposed["consentId"])

    def accounts(self, consent_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", "/v1/accounts", consent_id).json()["accounts"]
        return found


def code_of(answer: requests.Response) -> str:
    """The tppMessages code."""
    return str(answer.json()["tppMessages"][0]["code"])
