"""Providers are data: one JSON file each, in the folders that RIALTO_UPSTREAM_PROVIDERS names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from hub.settings import LOOPBACK, Settings, SettingsError

PRIVATE_KEY_JWT = "private_key_jwt"
SECRET_POST = "client_secret_post"  # noqa: S105  # a word, not a secret
Algorithm = Literal["PS256", "ES256", "EdDSA", "Ed25519", "RS256"]
AuthMethod = Literal["private_key_jwt", "client_secret_basic", "client_secret_post"]


class Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One provider as the operator declares it.

    ``client_secret`` for the two methods that use one; private_key_jwt signs with the key that we show to banks
    (/.well-known/tpp-jwks.json). ``origins`` are those of its endpoints besides the issuer's own: nothing else is
    called. ``algorithms`` may sign its ID tokens. ``acr_values``: a login is believed only with one of these acr; empty
    believes every login.
    """

    id: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    issuer: Annotated[str, Meta(max_length=300)]
    client_id: Annotated[str, Meta(min_length=1, max_length=300)]
    token_endpoint_auth_method: AuthMethod = "private_key_jwt"  # noqa: S105  # a word, not a secret
    client_secret: str | None = None
    scopes: tuple[Annotated[str, Meta(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]+$")], ...] = ("openid",)
    acr_values: tuple[Annotated[str, Meta(pattern=r"^[\x21-\x7E]+$")], ...] = ()
    algorithms: tuple[Algorithm, ...] = ("PS256", "ES256", "EdDSA", "Ed25519")
    origins: tuple[str, ...] = ()
    colour: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$")] = "#444444"

    def __repr__(self) -> str:
        return f"Declared({self.id!r})"


def load(settings: Settings) -> Mapping[str, Declared]:
    """Every ``*.json`` of the folders, by id. Raises SettingsError naming the file and what is wrong in it."""
    found: dict[str, Declared] = {}
    issuers: set[str] = set()
    for folder in settings.upstream_dirs:
        if not folder.is_dir():
            raise SettingsError(f"RIALTO_UPSTREAM_PROVIDERS: {folder} is no folder")
        for path in sorted(folder.glob("*.json")):
            declared = _read(path, settings)
            if declared.id in found or declared.issuer in issuers:
                raise SettingsError(f"RIALTO_UPSTREAM_PROVIDERS: {path}: its id or issuer is taken by another file")
            found[declared.id] = declared
            issuers.add(declared.issuer)
    return found


def _read(path: Path, settings: Settings) -> Declared:
    try:
        declared = msgspec.json.decode(path.read_bytes(), type=Declared)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SettingsError(f"RIALTO_UPSTREAM_PROVIDERS: {path}: {error}") from None
    for rule, holds in _rules(declared, settings).items():
        if not holds:
            raise SettingsError(f"RIALTO_UPSTREAM_PROVIDERS: {path}: {rule}")
    return declared


def _rules(declared: Declared, settings: Settings) -> Mapping[str, bool]:
    has_secret = bool(declared.client_secret)
    needs_secret = declared.token_endpoint_auth_method != PRIVATE_KEY_JWT
    return {
        "issuer is an https address without query or fragment": _is_address(declared.issuer, settings),
        "origins are https addresses": all(_is_address(one, settings) for one in declared.origins),
        "client_secret goes with client_secret_basic and client_secret_post": has_secret == needs_secret,
        "scopes hold openid": "openid" in declared.scopes,
        "algorithms are not empty": bool(declared.algorithms),
        "name is one printable line": declared.name.isprintable(),
        "issuer is another than this hub": declared.issuer.rstrip("/") != settings.base_url,
    }


def _is_address(url: str, settings: Settings) -> bool:
    """https, or plain http between processes of one machine."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    is_private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK and settings.local)
    has_more = parts.query or parts.fragment or "@" in parts.netloc or "?" in url or "#" in url
    return bool(is_private and parts.hostname and not has_more)
