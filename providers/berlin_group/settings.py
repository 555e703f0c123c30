"""What a bank's file must say under ``api`` for this standard."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from providers.berlin_group.versions import Approach, Model
from providers.signing.anchors import AnchorFiles
from providers.signing.http_signature import Algorithm, DigestAlgorithm
from providers.signing.jades import Algorithm as JadesAlgorithm

HeaderName = Annotated[str, Meta(pattern=r"^(\([a-z-]+\)|[a-z][a-z0-9-]*)$")]
Url = Annotated[str, Meta(pattern="^https?://[^/?#]+[^?#]*$")]


class Signing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The signature over every request by the qualified seal: an HTTP signature (1.3, chapter 12) or, as openFinance
    2.x has it, JAdES in ``x-jws-signature``; ``scheme`` where a bank departs from its version. ``headers`` in the
    bank's own order; one that a request does not carry is left out. ``key_id``, a template
    (providers.signing.seal.key_id), and ``algorithm_name``, what the bank calls the algorithm, are of HTTP signatures
    alone; ``sends_certificate`` (x5c) of JAdES."""

    scheme: Literal["http_signature", "jades"] | None = None
    key_id: Annotated[str, Meta(min_length=1, max_length=300)] = "SN={serial},CA={issuer}"
    headers: Annotated[tuple[HeaderName, ...], Meta(min_length=1)] | None = None
    algorithm: Algorithm | JadesAlgorithm | None = None
    algorithm_name: Annotated[str, Meta(pattern="^[A-Za-z0-9-]{1,40}$")] | None = None
    digest: DigestAlgorithm = "SHA-256"
    sends_certificate: bool = True


class AnswerSigning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Signatures that every answer of the interface must carry. ``anchors`` say whose certificate is believed;
    ``must_sign`` what at least is signed. ``certificate_header`` brings the certificate of an HTTP signature along;
    JAdES has it inside. ``refusals`` false: an error may come unsigned."""

    anchors: AnchorFiles
    scheme: Literal["http_signature", "jades"] | None = None
    must_sign: Annotated[tuple[HeaderName, ...], Meta(min_length=1)] = ("digest", "x-request-id")
    certificate_header: HeaderName = "aspsp-signature-certificate"
    refusals: bool = True


class PasswordKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The bank's key that PSUs' passwords are encrypted to: ``key_file`` is the path of its certificate or public key
    (PEM), ``jwks_url`` where it is published instead; ``kid`` names one of several."""

    key_file: str | None = None
    jwks_url: Url | None = None
    kid: str | None = None
    algorithm: Literal["RSA-OAEP-256", "RSA-OAEP"] = "RSA-OAEP-256"
    encryption: Literal["A256GCM", "A128GCM", "A256CBC-HS512", "A128CBC-HS256"] = "A256GCM"

    def __post_init__(self) -> None:
        if (self.key_file is None) == (self.jwks_url is None):
            raise ValueError("password_key: key_file or jwks_url")


class PreStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """OAuth before there is a consent. ``metadata_url`` is where the server says of itself what it has (RFC 8414);
    where a bank publishes nothing of the kind, its two endpoints are named instead."""

    metadata_url: Url | None = None
    authorization_endpoint: Url | None = None
    token_endpoint: Url | None = None
    scope: Annotated[str, Meta(min_length=1)] = "AIS"

    def __post_init__(self) -> None:
        ends = (self.authorization_endpoint, self.token_endpoint)
        if all(ends) == bool(self.metadata_url) or any(ends) != all(ends):
            raise ValueError("pre_step: metadata_url, or authorization_endpoint and token_endpoint")

    def urls(self) -> tuple[str, ...]:
        """What we call of it ourselves."""
        return tuple(url for url in (self.metadata_url, self.token_endpoint) if url)


class OAuth(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How we are known to the bank's authorisation server, where a consent is authorised by OAuth (link ``scaOAuth``)
    or wants the PSU's token before it is asked for (``Settings.pre_step``). ``client_id`` is often our organisation's
    identifier from the certificate. ``client_secret_file`` is a path. ``scope`` is that of a consent."""

    client_id: Annotated[str, Meta(min_length=1)]
    client_auth: Literal["certificate", "secret_basic", "secret_post", "private_key_jwt"] = "certificate"
    client_secret_file: str | None = None
    scope: Annotated[str, Meta(min_length=1)] = "AIS:{consent_id}"

    def client_secret(self) -> str:
        """Raises ValueError."""
        if self.client_secret_file is None:
            raise ValueError(f"oauth.client_auth {self.client_auth} needs client_secret_file")
        try:
            secret = Path(self.client_secret_file).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"oauth.client_secret_file cannot be read: {type(error).__name__}") from None
        if not secret:
            raise ValueError("oauth.client_secret_file is empty")
        return secret


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``base_url`` is everything before ``/v1`` or ``/v2``. ``booking_status`` is what the bank supports: only
    ``booked`` is mandatory; at a ``separate`` one what is booked and what is pending are two calls, and each counts.
    ``standing_orders``: it lists them under the status ``information``, once more a call to the transactions.
    ``balances_with_accounts``: the list of accounts is asked for with its balances, which are not asked for again then.
    ``card_accounts``: it has ``/card-accounts`` beside ``/accounts``. ``time_zone`` is the bank's own, for moments
    written without an offset.

    ``report``: the format in which transactions are asked for: JSON, camt (052, 053 or 054, as the bank has it) or
    MT940 and MT942. Whichever comes is read, and so is a report that is to be downloaded.

    ``approach`` is the SCA approach that we prefer; the bank decides, and whatever it chooses is followed.
    ``link_urls`` are other addresses of the bank that its links may lead to (a picture to scan, its
    authorisation server). ``links_from_base``:
    an absolute path in a link lacks what the gateway puts before it, and begins at ``base_url``.

    ``consent_model``: the PSU picks the accounts at the bank (``bank_offered``), names them here (``dedicated``), or
    gives all (``global``). ``valid_until``: an end as the hub wants it, or the longest that the bank allows
    (9999-12-31); either way the bank's own answer counts. ``ask_psu_id``: it wants the PSU's login name with the
    consent; it is sent to no other bank, for some refuse it.

    ``answers``: the bank signs what it says, and nothing else is believed. ``password_key``: what a PSU types as a
    password here goes to the bank encrypted to this key, and no other way. ``pre_step``: the PSU's token comes
    before the consent (needs ``oauth``), which is then authorised by whatever its links say.
    """

    base_url: Url
    booking_status: Literal["booked", "both", "separate"] = "both"
    card_accounts: bool = False
    balances_with_accounts: bool = False
    standing_orders: bool = False
    report: Literal["json", "camt", "mt940"] = "json"
    approach: Approach = "redirect"
    consent_model: Model = "bank_offered"
    valid_until: Literal["asked", "longest"] = "asked"
    ask_psu_id: bool = False
    signing: Signing | None = None
    answers: AnswerSigning | None = None
    oauth: OAuth | None = None
    pre_step: PreStep | None = None
    password_key: PasswordKey | None = None
    link_urls: tuple[Url, ...] = ()
    links_from_base: bool = False
    time_zone: str = "Europe/Berlin"
    ca_bundle: str | None = None
    same_request_id_on_pages: bool = False  # eleven banks on the Redsys hub refuse page 2 otherwise
