"""A browser's way out to the provider and back, without the pages."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hub.context import Hub
from hub.identity.sessions import Person
from hub.upstream import attempts
from hub.upstream.attempts import Begun, Entered, Failed, Undecided
from hub.upstream.logins import Taken
from tests.identity.steps import HERE, log_in
from tests.people import person as register
from tests.upstream.op import Op

Outcome = Entered | Undecided | Taken | Failed


@dataclass
class Trip:
    """One browser; ``cookie`` is what it got when it left."""

    hub: Hub
    op: Op
    person: Person | None = None
    provider_id: str = "lagoon"
    cookie: str = ""
    url: str = ""

    def leave(self, *, is_fresh: bool = False, return_to: str = "") -> str:
        begun = attempts.begin(
            self.hub,
            self.provider_id,
            person=self.person,
            return_to=return_to,
            is_fresh=is_fresh,
            now=self.hub.clock(),
        )
        assert isinstance(begun, Begun), begun
        self.cookie, self.url = begun.browser_secret, begun.url
        return begun.url

    @property
    def asked(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}

    def come_back(self, parameters: dict[str, str], **changes: Any) -> Outcome:
        given = {"browser_secret": self.cookie, "person": self.person} | changes
        return attempts.finish(self.hub, self.provider_id, parameters, origin=HERE, now=self.hub.clock(), **given)

    def go(self, subject: str = "sub-of-alice") -> Outcome:
        """There and back."""
        return self.come_back(self.op.authorize(self.leave(), subject))


def signed_in(hub: Hub, name: str = "alice") -> Person:
    """Somebody with a password, who has just logged in with it."""
    register(hub, name.capitalize())
    return log_in(hub, name)[0]
