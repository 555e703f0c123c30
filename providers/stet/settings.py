"""What a bank's file must say under ``api`` for this standard."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from providers.signing.http_signature import Algorithm, DigestAlgorithm

Url = Annotated[str, Meta(pattern="^https?://[^/?#]+[^?#]*$")]
HeaderName = Annotated[str, Meta(pattern=r"^(\([a-z-]+\)|[a-z][a-z0-9-]*)$")]
Extra = Literal["beneficiaries", "parties", "confirm_funds"]


class Signing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The bank's HTTP signature. ``key_id`` is a template (providers.signing.seal.key_id): the standard wants the URL
    of the certificate, BPCE the client id. ``headers`` in the bank's own order. ``target_prefix``: BNP Paribas Fortis
    signs ``/psd2/v2`` before the path. ``token_endpoint``: whether calls there are signed too."""

    key_id: Annotated[str, Meta(min_length=1, max_length=300)]
    headers: Annotated[tuple[HeaderName, ...], Meta(min_length=1)] = ("(request-target)", "x-request-id", "digest")
    algorithm: Algorithm = "rsa-sha256"
    digest: DigestAlgorithm = "SHA-256"
    lifetime_s: Annotated[int, Meta(ge=1, le=3600)] = 300
    target_prefix: str = ""
    token_endpoint: bool = True


class Registering(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The bank's interface for registering (STET OAuth2 Technical Setup 1.0). ``contacts`` are addresses of people;
    ``provider_legal_id`` our authorisation number (``PSDFR-ACPR-12345``), read from the QWAC unless it is said.
    ``token_scope``: of a token that our certificate is given first, where the bank wants one beside it (BPCE)."""

    endpoint: Url
    contacts: Annotated[tuple[Annotated[str, Meta(min_length=3, max_length=254)], ...], Meta(min_length=1)]
    provider_legal_id: Annotated[str, Meta(pattern=r"^PSD[A-Z]{2}-[A-Z]{2,8}-\S+$")] | None = None
    client_name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    client_uri: Url | None = None
    token_scope: Annotated[str, Meta(min_length=1)] | None = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``resource_base`` is everything before ``/accounts``, version included.

    Registration: ``registration`` says where and as whom (providers.stet.registration). ``client_id`` is what the bank
    gave us (its portal, its ``/register``) or our organisation's identifier from the certificate
    (``PSDFR-ACPR-12345``); ``client_auth`` how the token endpoint wants it proved, with the path of a file that holds
    the secret where there is one.

    ``consent_model``: ``full`` where the PSU picks at the bank; ``detailed`` (mixed detailed consent) where accounts
    come without links until PUT /consents names them (BPCE, Crédit Agricole). ``offers`` are resources beside the
    accounts that this bank has. ``scope`` is for reading: some banks give history past 90 days only to
    ``extended_transaction_history`` beside ``aisp``.

    ``day_format``: how the bank wants ``dateFrom`` and ``dateTo``; ``date_type`` which day they mean, where it asks;
    ``max_days`` how long a period it answers at once (La Banque Postale: 89), longer ones are asked in pieces.
    ``link_hosts`` are other names of the bank that its next links carry: such a link is followed at the page that named
    it. ``links_from_base``: an absolute path in a link lacks what the gateway puts before it, and begins at our base.
    ``headers`` go with every call to the API.
    ``authorization_parameters`` join the authorisation request; ``{redirect_uri}`` in them is ours.
    ``revocation_endpoint`` is RFC 7009's, where the bank has one. ``access_days``: when the PSU must authenticate again
    (RTS art. 10a), for the standard has no way to ask. ``owners``: who holds an account is asked of ``/owners``, or at
    1.4 banks of ``/end-user-identity``. ``amounts``: how amounts are sent, numbers from 1.5 on.
    ``time_zone`` and ``currency`` are for moments without an offset and accounts that name none.
    """

    authorization_endpoint: Url
    token_endpoint: Url
    revocation_endpoint: Url | None = None
    resource_base: Url
    client_id: Annotated[str, Meta(min_length=1)]
    client_auth: Literal["certificate", "secret_basic", "secret_post", "private_key_jwt"] = "certificate"
    client_secret_file: str | None = None
    registration: Registering | None = None
    scope: Annotated[str, Meta(min_length=1)] = "aisp"
    pkce: bool = True
    authorization_parameters: dict[str, str] = {}
    signing: Signing | None = None
    consent_model: Literal["full", "detailed"] = "full"
    offers: frozenset[Extra] = frozenset()
    owners: Literal["owners", "end-user-identity"] = "owners"
    amounts: Literal["number", "string"] = "number"
    accept: str = "application/hal+json, application/json"
    day_format: Literal["date", "date-time"] = "date-time"
    link_hosts: tuple[Annotated[str, Meta(pattern=r"^[a-z0-9.-]+(:[0-9]+)?$")], ...] = ()
    links_from_base: bool = False
    headers: dict[str, Annotated[str, Meta(pattern=r"^[\x20-\x7e]*$")]] = {}
    date_type: Literal["bookingDate", "transactionDate"] | None = None
    max_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    access_days: Annotated[int, Meta(ge=1, le=3650)] | None = 180
    time_zone: str = "Europe/Paris"
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR"
    ca_bundle: str | None = None

    def client_secret(self) -> str:
        """The secret in its file. ValueError, without it, where there is none."""
        if self.client_secret_file is None:
            raise ValueError(f"client_auth {self.client_auth} needs client_secret_file")
        try:
            secret = Path(self.client_secret_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"client_secret_file cannot be read: {type(error).__name__}") from None
        if not secret:
            raise ValueError("client_secret_file is empty")
        return secret
