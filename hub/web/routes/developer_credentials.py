"""The answers that hold a secret. Each is given once: pages are no-store, so no cache and no "back" shows it again."""

import re
import unicodedata

from flask import Response

from hub.context import hub_of_request
from hub.models.client import Client
from hub.oauth.clients import Registered
from hub.oauth.policy import NONE, Profile
from hub.oauth.registration.own_key import KeyPair
from hub.web.present.apps import app_of
from hub.web.routes import respond
from hub.web.viewmodels import CredentialsPage


def credentials(registered: Registered, pair: KeyPair | None) -> Response:
    """``pair``: the key that was made for the app just now."""
    client = registered.client
    page = CredentialsPage(
        app=app_of(client),
        issuer=hub_of_request().settings.base_url,
        redirect_uri=client.redirect_uris[0],
        scope=" ".join(client.scopes),
        secret=registered.secret,
        private_key=None if pair is None else pair.private,
        key_file=file_name(client),
        is_fapi=client.profile != Profile.OIDC.value,
        is_public=client.token_endpoint_auth_method == NONE,
    )
    return respond.page("credentials.html", page)


def file_name(client: Client) -> str:
    """``nest-egg.jwk.json``: plain letters, so that it is safe in any folder and any shell."""
    plain = unicodedata.normalize("NFKD", client.name).encode("ascii", "ignore").decode().lower()
    stem = "-".join(re.findall("[a-z0-9]+", plain))[:40].strip("-")
    return f"{stem or 'app'}.jwk.json"
