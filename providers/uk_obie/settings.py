"""What a bank's file says under ``api`` for this standard. Everything but the first lines has the standard's default.

A default is never a weakness: what makes a check weaker has a name of its own (``id_token_leniencies``) and is off.
Evidence for each knob: banks that need it are named where it is defined.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from providers.fapi import id_token
from providers.port import Resource
from providers.uk_obie.permissions import DETAIL_PERMISSIONS, Permission

Url = Annotated[str, Meta(pattern="^https?://[^/?#]+[^?#]*$")]
Word = Annotated[str, Meta(pattern="^[\\x21-\\x7e]{1,200}$")]
Line = Annotated[str, Meta(pattern="^[\\x20-\\x7e]{1,1000}$")]
HeaderName = Annotated[str, Meta(pattern="^[A-Za-z0-9-]{1,60}$")]
Host = Annotated[str, Meta(pattern="^[a-z0-9.-]{1,253}(?::[0-9]{1,5})?$")]
Version = Literal["3.1", "4.0"]
Step = Literal["token", "consent", "accounts", "balances", "transactions", "resources", "funds"]

# What says who we are and what we send is not for a file to change.
_OURS = frozenset({"authorization", "content-type", "content-length", "host", "cookie", "transfer-encoding"})
_VERSION_IN_PATH = re.compile(r"/v(\d+\.\d+)[\d.]*(?=/|$)")


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Family(_Part, frozen=True):
    """One API family at one version. Banks move family by family (accounts at 4.0, payments still at 3.1)."""

    base: Url
    version: Version = "3.1"

    def __post_init__(self) -> None:
        said = _VERSION_IN_PATH.search(self.base)
        if said is not None and said[1] != self.version:
            raise ValueError(f"the base speaks version {said[1]}, and version says {self.version}")


class Authorize(_Part, frozen=True):
    """The browser's leg. ``response_type`` code with a signed answer (JARM) is response_mode ``jwt``.

    ``audience`` is the request object's, if it is not the issuer (NatWest's brands). ``nonce_length`` is the most that
    a bank takes (Lloyds: 8). ``outside`` are parameters that are repeated beside the request object, ``extra`` are the
    bank's own there. ``max_age_s`` (Sainsbury's) and ``acr_values`` ask how the PSU logs in.
    """

    response_type: Literal["code", "code id_token"] = "code"
    response_mode: Literal["query", "fragment", "jwt", "query.jwt", "fragment.jwt"] | None = None
    scope: Line = "openid accounts"
    audience: Word | None = None
    nonce_length: Annotated[int, Meta(ge=8, le=512)] | None = None
    outside: tuple[Literal["redirect_uri", "state", "nonce", "response_mode"], ...] = ("redirect_uri", "state")
    extra: Mapping[Word, Line] = {}
    max_age_s: Annotated[int, Meta(ge=0)] | None = None
    acr_values: tuple[Word, ...] = ()
    pkce: bool = True

    def __post_init__(self) -> None:
        if self.response_type == "code id_token" and self.response_mode in ("query", "query.jwt"):
            raise ValueError("an ID token never travels in a query: response_mode is fragment")

    @property
    def is_signed(self) -> bool:
        """JARM: the answer is one JWT."""
        return self.response_mode is not None and self.response_mode.endswith("jwt")


class Tokens(_Part, frozen=True):
    """The token endpoint. ``app_scope`` and ``funds_scope`` are of our own token (Co-op renames them).

    ``scope_with_code``: the bank wants the scope again with the code (CYBG). ``expires_in_s``: what an access token
    really lives, where the bank's word is wrong (NewDay). ``refresh``: ``as_told``, a new refresh token replaces the
    old one and none leaves it (RFC 6749 6); ``one_use``, without a new one there is none any more (Capital One);
    ``keep_first``, the first one stays whatever is told; ``none``, there are none (Revolut, Virgin Money).
    ``refresh_with``: what has to be said again with a refresh (AIB).
    """

    app_scope: Line = "accounts"
    funds_scope: Line = "fundsconfirmations"
    scope_with_code: bool = False
    expires_in_s: Annotated[int, Meta(ge=1)] | None = None
    refresh: Literal["as_told", "one_use", "keep_first", "none"] = "as_told"
    refresh_with: tuple[Literal["scope", "redirect_uri"], ...] = ()


class Headers(_Part, frozen=True):
    """``send`` on every call (x-fapi-financial-id, x-lbg-channel); ``omit`` and ``rename`` by the name that we would
    send. A name in ``omit`` may be "DELETE Accept": left out of that method's calls only (Virgin Money)."""

    send: Mapping[HeaderName, Line] = {}
    omit: tuple[Annotated[str, Meta(pattern="^(?:[A-Z]{3,7} )?[A-Za-z0-9-]{1,60}$")], ...] = ()
    rename: Mapping[HeaderName, HeaderName] = {}

    def __post_init__(self) -> None:
        omitted = (name.rpartition(" ")[2] for name in self.omit)
        for name in (*self.send, *omitted, *self.rename, *self.rename.values()):
            if name.lower() in _OURS:
                raise ValueError(f"headers: {name} is not for a file to change")


class Signing(_Part, frozen=True):
    """Detached signatures of request bodies (x-jws-signature), where a bank wants them.

    ``b64`` false: the payload is signed as it is and the header says so (RFC 7797), as up to 3.1.3 and still at TSB;
    other banks refuse that form (Nationwide).
    ``iss`` is ``{organisation}/{software statement}``, or a certificate's subject (HSBC). ``kid`` is the name that the
    directory knows our key by.
    """

    iss: Line
    kind: Literal["jws"] = "jws"
    kid: Word | None = None
    b64: bool = True
    tan: Word = "openbanking.org.uk"


class AnswersSigned(_Part, frozen=True):
    """Signatures (x-jws-signature) that the bank's answers must carry, under a key of its ``jwks_uri``. ``iss`` is how
    the bank names itself there. ``on``: what we posted, or everything that is read. ``refusals`` false: an error may
    come unsigned."""

    iss: Line
    tan: Word = "openbanking.org.uk"
    on: Literal["posts", "all"] = "posts"
    refusals: bool = True


class Dates(_Part, frozen=True):
    """How transactions are filtered. ``to_parameter`` null: the bank knows no end. ``format``: ``zulu`` is
    2026-01-31T00:00:00Z, ``millis`` the same with .000, ``offset`` with +00:00, ``naive`` without, ``day`` the day."""

    from_parameter: Word = "fromBookingDateTime"
    to_parameter: Word | None = "toBookingDateTime"
    format: Literal["zulu", "millis", "offset", "naive", "day"] = "zulu"


class Paging(_Part, frozen=True):
    """``hosts`` are names that the bank's next links carry and that mean its own API (Halifax writes lloydsbank.com,
    Coutts a port): such a link is followed at our base and nowhere else. ``ends_with_itself``: the last page names
    itself as the next one."""

    hosts: tuple[Host, ...] = ()
    ends_with_itself: bool = False


class Classification(_Part, frozen=True):
    """What one refusal of this bank means. All that is given must fit; ``message`` are words that the bank's prose
    holds. ``gone`` is for ``consent`` only: the bank consent has ended already, and ending it succeeds."""

    means: Literal["reconsent", "refused", "later", "next_day", "broken", "gone"]
    status: Annotated[int, Meta(ge=400, le=499)] | None = None
    code: Word | None = None
    message: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    step: Step | None = None

    def __post_init__(self) -> None:
        if self.status is None and self.code is None and self.message is None:
            raise ValueError("errors: a rule without status, code or message fits everything")
        if (self.means == "gone") and self.step != "consent":
            raise ValueError("errors: gone is said of step consent")


class Registering(_Part, frozen=True):
    """Dynamic client registration 3.x. ``audience`` is the bank's id in the directory, or what it wants instead;
    ``issuer`` the software statement's id unless the bank wants another. ``media_type`` is of the signed body.

    ``subject_dn``: how tls_client_auth_subject_dn is written (``names``, ``dotted``, ``oid_prefix``, ``hex``: see
    providers.uk_obie.registration). ``token_scope``: of the token that reads, updates and deletes; null where the bank
    hands out a registration access token instead.
    """

    endpoint: Url
    audience: Word
    issuer: Word | None = None
    media_type: Literal["application/jwt", "application/jose"] = "application/jwt"
    scope: Line = "openid accounts"
    scope_as_list: bool = False
    subject_dn: Literal["names", "dotted", "oid_prefix", "hex"] = "names"
    token_scope: Line | None = "accounts"  # noqa: S105  # a scope, no secret


Leniency = id_token.Leniency | Literal["no_id_token", "no_intent_id"]
"""Weaknesses of a bank's ID tokens that an operator may accept, each by its name: those of providers.fapi.id_token, and
two of this standard. ``no_id_token``: the token answer has none (Co-op), only PKCE, the state and the bank consent tie
it to the attempt. ``no_intent_id``: openbanking_intent_id is missing; one that is there must be ours.
"""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``assertion_audience`` is for banks that want another ``aud`` than their token endpoint in client assertions.

    ``client_secret_file`` and ``client_certificate`` (certificate and key) are paths. ``permissions`` are asked for,
    with those that ``resources`` need and without ``permissions_remove``. ``consent_sends``: which dates the consent
    request carries. ``accounts_at_link``: the list of accounts can only be read just after the PSU said yes, so it is
    read then and kept with the access (CYBG). ``parties_at``: some banks have only the one who logged in (Tesco).
    ``currency`` is of accounts that name none. ``time_zone`` is the bank's
    own, for moments written without an offset. ``ca_bundle`` is a path, for a bank whose certificate comes from a
    private root.
    """

    issuer: Url
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url
    client_id: Annotated[str, Meta(min_length=1)]
    token_auth: Literal["private_key_jwt", "tls_client_auth", "client_secret_basic", "client_secret_post"]
    aisp: Family
    funds: Family | None = None
    assertion_audience: str | None = None
    client_secret_file: Annotated[str, Meta(min_length=1)] | None = None
    client_certificate: tuple[str, str] | None = None
    kid: Word | None = None
    permissions: Annotated[tuple[Permission, ...], Meta(min_length=1)] = DETAIL_PERMISSIONS
    permissions_remove: tuple[Permission, ...] = ()
    resources: tuple[Resource, ...] = ()
    consent_sends: tuple[Literal["expiration", "from"], ...] = ("expiration", "from")
    authorize: Authorize = Authorize()
    tokens: Tokens = Tokens()
    id_token_leniencies: tuple[Leniency, ...] = ()
    headers: Headers = Headers()
    signing: Signing | None = None
    answers: AnswersSigned | None = None
    dates: Dates = Dates()
    paging: Paging = Paging()
    errors: tuple[Classification, ...] = ()
    accounts_at_link: bool = False
    parties_at: Literal["parties", "party"] = "parties"
    registration: Registering | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    time_zone: str = "Europe/London"
    ca_bundle: str | None = None

    def __post_init__(self) -> None:
        if self.token_auth.startswith("client_secret") and self.client_secret_file is None:
            raise ValueError(f"token_auth {self.token_auth} needs client_secret_file")
        if Resource.CONFIRM_FUNDS in self.resources and self.funds is None:
            raise ValueError("resources: confirm_funds needs funds")
        if "no_id_token" in self.id_token_leniencies and not self.authorize.pkce:
            raise ValueError("without ID token and without PKCE nothing ties a code to the attempt that it came from")

    @property
    def urls(self) -> tuple[str, ...]:
        """Where calls may go; the authorization endpoint is for the PSU's browser and not among them."""
        families = [family.base for family in (self.aisp, self.funds) if family is not None]
        registering = [self.registration.endpoint] if self.registration is not None else []
        return (self.token_endpoint, self.jwks_uri, *families, *registering)
