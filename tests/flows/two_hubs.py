"""Two hubs on one machine: one is the OpenID provider at which people of the other may log in."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

from hub.context import build
from hub.settings import from_environ
from hub.stack import Stack, free_port
from tests.registered import registered

PATIENCE_S = 15


@dataclass
class TwoHubs:
    """``home`` is where the person's account is, ``upstream`` the provider. Cookies know no ports, so the two go by
    two names of this machine.
    """

    home: Stack
    upstream: Stack
    upstream_url: str

    @property
    def home_url(self) -> str:
        return self.home.url

    def mailed_link(self, to: str, path: str, *, newer_than: int = 0) -> str:
        """The newest link of this kind that was mailed to ``to``, once there are more than ``newer_than`` of them."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = [link for mail in self._mails(to) for link in re.findall(rf"http\S+{re.escape(path)}\S+", mail)]
            if len(found) > newer_than:
                return str(found[-1])
            time.sleep(0.1)
        raise AssertionError(f"no mail with {path} came to {to}")

    def _mails(self, to: str) -> list[str]:
        folder = self.home.data_dir / "mail"
        files = sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns) if folder.is_dir() else []
        letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]
        return [letter.get_content() for letter in letters if letter["To"] == to]


@contextmanager
def two_hubs(folder: Path) -> Iterator[TwoHubs]:
    upstream_port, home_port = free_port(), free_port()
    upstream_url, home_url = f"http://localhost:{upstream_port}", f"http://127.0.0.1:{home_port}"
    upstream = Stack(
        data_dir=folder / "upstream",
        port=upstream_port,
        sandbox=(),
        web_workers=1,
        environ={"RIALTO_BASE_URL": upstream_url},
    )
    with upstream.up():
        providers = folder / "providers"
        providers.mkdir()
        (providers / "lagoon.json").write_text(json.dumps(_declared(upstream, upstream_url, home_url)))
        home = Stack(
            data_dir=folder / "home",
            port=home_port,
            sandbox=(),
            web_workers=1,
            environ={"RIALTO_UPSTREAM_PROVIDERS": str(providers), "RIALTO_LOG_LEVEL": "DEBUG"},
        )
        with home.up():
            yield TwoHubs(home, upstream, upstream_url)


def _declared(upstream: Stack, upstream_url: str, home_url: str) -> dict[str, object]:
    """The upstream's operator registers the home hub as a client; the home's operator declares the upstream."""
    beside = build(from_environ(upstream.child_environ()))
    with beside.db.write() as session:
        made = registered(
            session,
            owner_psu_id=None,
            name="Home hub",
            site_uri=None,
            redirect_uris=[f"{home_url}/login/with/lagoon/callback"],
            public=False,
            scopes=["openid", "profile", "email"],
            description="",
            now=beside.clock(),
        )
        client_id, secret = made.client.client_id, made.secret
    beside.close()
    return {
        "id": "lagoon",
        "name": "Lagoon Mobility",
        "issuer": upstream_url,
        "client_id": client_id,
        "token_endpoint_auth_method": "client_secret_basic",
        "client_secret": secret,
        "scopes": ["openid", "profile", "email"],
    }
