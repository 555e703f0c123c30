"""The developer's pages and the API reference."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from hub.web.viewmodels.shared import App, Choice, Form


@dataclass(frozen=True, slots=True)
class DeveloperAppRow:
    """``profile`` is what the app is for, in words."""

    app: App
    profile: str
    created_at: datetime
    consent_count: int = 0


@dataclass(frozen=True, slots=True)
class DeveloperPage:
    """developer.html."""

    apps: tuple[DeveloperAppRow, ...] = ()


@dataclass(frozen=True, slots=True)
class NewAppPage:
    """developer_new.html, for one purpose. Posts ``name``, ``site``, ``redirect_uris`` (one a line), ``scope``*,
    ``proof`` and what that proof needs.

    ``demands`` are the profile's, in plain words. ``ways`` (posted as ``way``*) are those beyond a browser, with
    ``notified_at``. ``needs_statement``: the operator wants a software statement of such an app.
    """

    purpose: Literal["sign-in", "bank-data"]
    profile: str = ""
    demands: tuple[str, ...] = ()
    scopes: tuple[Choice, ...] = ()
    proofs: tuple[Choice, ...] = ()
    ways: tuple[Choice, ...] = ()
    needs_statement: bool = False
    form: Form = Form()  # values: name, site, redirect_uris, jwks, jwks_uri, certificate, signed, notified_at ...


@dataclass(frozen=True, slots=True)
class CredentialsPage:
    """credentials.html: the answer to a registration, a new secret or a new key. Shown once, so sent with no-store.

    ``private_key`` is a JWK as text that the hub made and keeps nowhere. ``repr`` leaves both secrets out.
    """

    app: App
    issuer: str  # origin of this hub
    redirect_uri: str
    scope: str  # space separated
    secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    key_file: str = ""  # the name to save it under
    is_fapi: bool = False
    is_public: bool = False


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One of an app's public keys. ``kid`` addresses it, "" if it has none; ``kind`` is its curve or size."""

    kid: str
    kind: str
    use: str = "sig"


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """``proven``: the app had authenticated; else anybody may have sent it in the app's name."""

    at: datetime
    endpoint: str
    error: str
    description: str
    proven: bool
    reference: str


@dataclass(frozen=True, slots=True)
class DeveloperAppPage:
    """developer_app.html. Saves to /developer/apps/<client_id>.

    /secret, /keys, /keys/remove and /delete are further POSTs below it.
    """

    app: App
    profile: str
    demands: tuple[str, ...] = ()
    proof: str = ""  # how it proves who it is, in words
    has_secret: bool = False
    keys: tuple[KeyRow, ...] = ()
    jwks_uri: str = ""
    scopes: tuple[str, ...] = ()
    created_at: datetime | None = None
    consent_count: int = 0
    refusals: tuple[RefusalRow, ...] = ()
    registered: str = ""  # the metadata as JSON text
    form: Form = Form()  # values: redirect_uris and the other addresses


@dataclass(frozen=True, slots=True)
class GuidePage:
    """guide.html. Real values where the person has an app of that profile, obvious placeholders else."""

    issuer: str
    data_client_id: str = "YOUR_CLIENT_ID"
    data_redirect_uri: str = "http://127.0.0.1:9000/callback"
    data_scope: str = "openid accounts:read balances:read"
    sign_in_client_id: str = "YOUR_CLIENT_ID"
    sign_in_redirect_uri: str = "http://127.0.0.1:9000/callback"
    sign_in_scope: str = "openid profile"


@dataclass(frozen=True, slots=True)
class ApiReferencePage:
    """api_reference.html. ``document``: an OpenAPI 3.1 document with its references left in."""

    document: Mapping[str, Any]
    document_path: str = "/openapi.json"


@dataclass(frozen=True, slots=True)
class EventDocs:
    """One type of event. ``when`` is its rule in words, ``example`` a whole document as JSON text."""

    type: str
    version: int
    title: str
    description: str
    when: str
    audience: str
    permission: str
    example: str
    deprecated: str = ""


@dataclass(frozen=True, slots=True)
class EventsDocsPage:
    """events_reference.html, at /docs/events. ``others``: types that no app is told of."""

    events: tuple[EventDocs, ...] = ()
    others: tuple[str, ...] = ()
