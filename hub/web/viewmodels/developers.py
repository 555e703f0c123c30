"""The developer's pages and the API reference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.web.viewmodels.shared import App, Choice, Form


@dataclass(frozen=True, slots=True)
class DeveloperAppRow:
    app: App
    is_confidential: bool
    created_at: datetime
    consent_count: int = 0


@dataclass(frozen=True, slots=True)
class DeveloperPage:
    """developer.html."""

    apps: tuple[DeveloperAppRow, ...] = ()


@dataclass(frozen=True, slots=True)
class NewAppPage:
    """developer_new.html. Posts ``name``, ``site``, ``redirect_uris`` (one a line), ``type``, ``scope``*."""

    scopes: tuple[Choice, ...] = ()
    form: Form = Form()  # values: name, site, redirect_uris, type


@dataclass(frozen=True, slots=True)
class CredentialsPage:
    """credentials.html: the answer to a registration or a rotated secret. Shown once, so send it with no-
    store.

    ``repr`` leaves the secret out.
    """

    app: App
    issuer: str  # https origin of this hub
    redirect_uri: str
    scope: str  # space separated
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeveloperAppPage:
    """developer_app.html. Saves to /developer/apps/<client_id>; /secret and /delete are their own POSTs."""

    app: App
    is_confidential: bool
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    created_at: datetime | None = None
    consent_count: int = 0
    form: Form = Form()  # values: redirect_uris, after a failed save


@dataclass(frozen=True, slots=True)
class GuidePage:
    """guide.html. Real values where the person has an app, obvious placeholders else."""

    issuer: str
    client_id: str = "YOUR_CLIENT_ID"
    redirect_uri: str = "http://127.0.0.1:8000/callback"
    scope: str = "openid accounts transactions"


@dataclass(frozen=True, slots=True)
class ApiReferencePage:
    """api_reference.html. ``document``: an OpenAPI 3.1 document with its references left in."""

    document: Mapping[str, Any]
    document_path: str = "/openapi.json"
