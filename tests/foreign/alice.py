"""The person's part: Alice has an account at a bank, and says yes."""

from dataclasses import dataclass, field

from demo import story
from demo.browser import Browser
from hub.stack import Stack


@dataclass
class Alice:
    """Signed up, with her bank linked, once made."""

    stack: Stack
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.stack.ca_file)
        story.sign_up(self.browser, self.stack.url)
        story.link_albion(self.browser, self.stack.url)
        story.wait_for_history(self.browser)

    def allow(self, asked: str) -> str:
        """Go where the app sends her and let it see one account; the address at which she comes back to the app."""
        self.browser.open(asked)
        return self._approve()

    def connect(self, verification_uri: str, user_code: str) -> None:
        """Type the code that a device shows, and let it see one account."""
        self.browser.open(verification_uri)
        self.browser.submit("submit", {"user_code": user_code})
        self._approve()

    def answer_waiting(self) -> None:
        """Look at what waits for her, and let the app see one account."""
        self.browser.open(f"{self.stack.url}/approvals")
        self.browser.submit(next(action for action in self.browser.actions if action.startswith("/approvals/")))
        self._approve()

    def _approve(self) -> str:
        self.browser.submit("consent-approve", tick={"account": self.browser.boxes("account")[:1]})
        return self.browser.url
