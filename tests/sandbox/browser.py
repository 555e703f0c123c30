"""A person with a browser: follows redirects inside the bank, fills in its forms, stops where the bank lets go."""

import re
from urllib.parse import urljoin

import requests


class Browser:
    def __init__(self, bank_url: str) -> None:
        self.bank_url = bank_url
        self.session = requests.Session()
        self.page = requests.Response()

    def open(self, url: str) -> str | None:
        """The address outside the bank to which this led, if it did."""
        return self._follow(self.session.get(url, allow_redirects=False, timeout=5))

    def submit(self, **fields: str | list[str]) -> str | None:
        """Send the form of this page with its hidden CSRF word; ``csrf`` may be given to spoil it."""
        action = self.find(r'<form method="post" action="([^"]+)"')
        form = {"csrf": self.find(r'name="csrf" value="([^"]+)"'), **fields}
        url = urljoin(self.page.url, action)
        return self._follow(self.session.post(url, data=form, allow_redirects=False, timeout=5))

    def find(self, pattern: str) -> str:
        found = re.search(pattern, self.page.text)
        assert found, self.page.text
        return found[1]

    def find_all(self, pattern: str) -> list[str]:
        return re.findall(pattern, self.page.text)

    def _follow(self, answer: requests.Response) -> str | None:
        while answer.is_redirect:
            assert answer.status_code == 303
            target = urljoin(answer.url, answer.headers["Location"])
            if not target.startswith(f"{self.bank_url}/"):
                return target
            answer = self.session.get(target, allow_redirects=False, timeout=5)
        self.page = answer
        return None
