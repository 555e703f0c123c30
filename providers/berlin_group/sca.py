"""Authorising a bank consent on a page of ours: what the bank's answer wants next, how the PSU is asked, what is sent.

psd2-api 1.3.11: startConsentAuthorisation, updateConsentsPsuData; embedded and decoupled SCA approach. The links of an
answer say what comes next, so there is no order of ours. Pure: bytes and answers in, values out.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal

import msgspec

from providers import text
from providers.berlin_group import consent_wire
from providers.errors import ContractBroken, Refused
from providers.port import Ask, Field

MAX_TRIES = 3
"""Wrong passwords and codes of one link, together. Banks lock a login after three to five."""

_LONGEST_TEXT = 500  # psuMessageText; ours for the rest
_LONGEST_ANSWER = 200
_LARGEST_IMAGE_BYTES = 256 * 1024

PSU_ID = Field("psu_id", "Your login name at the bank")
_PASSWORD = Field("password", "Your password or PIN at the bank", "secret")
_EXPLAINED = "Your bank asks for this here. We hand it on once and keep nothing of it."
_CONFIRM = "Confirm this in your bank's app, then continue here."
WRONG = "Your bank did not accept that. Please try again."
NOT_YET = "Your bank has not heard from you yet. Confirm in your bank's app, then continue here."

ImageType = Literal["image/png", "image/jpeg", "image/gif"]
_IMAGES: tuple[tuple[bytes, ImageType], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


class Kind(Enum):
    REDIRECT = "the PSU goes to the bank's page"
    OAUTH = "the PSU goes to the bank's authorisation server"
    CODE = "what the SCA method gave them"
    CONFIRM = "the code that the bank showed when they had confirmed there"
    METHOD = "one of their SCA methods"
    ADDITIONAL = "a second password"
    AUTHENTICATE = "login name and password"
    IDENTIFY = "login name"
    START = "nothing: an authorisation is begun"
    WAIT = "nothing here: the PSU confirms elsewhere"


@dataclass(frozen=True, slots=True)
class Wanted:
    """``link`` as the bank wrote it; ``method`` is how it is called. Both are empty where nothing is sent."""

    kind: Kind
    link: str = ""
    method: Literal["POST", "PUT", ""] = ""


# The nearest to the end comes first: a bank that offers a code to enter and a method to choose again has chosen one.
_LINKS: tuple[tuple[str, Kind, Literal["POST", "PUT", ""]], ...] = (
    ("scaRedirect", Kind.REDIRECT, ""),
    ("scaOAuth", Kind.OAUTH, ""),
    ("authoriseTransaction", Kind.CODE, "PUT"),
    ("startAuthorisationWithTransactionAuthorisation", Kind.CODE, "POST"),
    ("selectAuthenticationMethod", Kind.METHOD, "PUT"),
    ("startAuthorisationWithAuthenticationMethodSelection", Kind.METHOD, "POST"),
    ("updateAdditionalEncryptedPsuAuthentication", Kind.ADDITIONAL, "PUT"),
    ("updateAdditionalPsuAuthentication", Kind.ADDITIONAL, "PUT"),
    ("updateEncryptedPsuAuthentication", Kind.AUTHENTICATE, "PUT"),
    ("updatePsuAuthentication", Kind.AUTHENTICATE, "PUT"),
    ("startAuthorisationWithEncryptedPsuAuthentication", Kind.AUTHENTICATE, "POST"),
    ("startAuthorisationWithPsuAuthentication", Kind.AUTHENTICATE, "POST"),
    ("updatePsuIdentification", Kind.IDENTIFY, "PUT"),
    ("startAuthorisationWithPsuIdentification", Kind.IDENTIFY, "POST"),
    ("startAuthorisation", Kind.START, "POST"),
)
UNCONFIRMED = "unconfirmed"
_DONE = frozenset({"finalised", "exempted"})


def wanted(told: consent_wire.Authorisation, *, can_encrypt: bool) -> Wanted:
    """What the bank's answer wants next. Raises Refused where it has failed, or wants what we cannot do: passwords
    encrypted, without a key."""
    check_status(told.sca_status)
    if told.sca_status == UNCONFIRMED:
        if link := consent_wire.link(told.links, "confirmation"):
            return Wanted(Kind.CONFIRM, link, "PUT")
        raise Refused("the bank waits for a confirmation code and does not say where", code=UNCONFIRMED)
    if not is_done(told):
        offered = [
            (name, Wanted(kind, link, how))
            for name, kind, how in _LINKS
            if (link := consent_wire.link(told.links, name))
        ]
        for name, want in offered:
            if can_encrypt or "Encrypted" not in name:
                return want
        if offered:
            raise Refused("the bank wants the PSU's password encrypted", code="encrypted_password")
        if not told.psu_message and consent_wire.link(told.links, "scaStatus") is None:
            raise ContractBroken("the bank offers no way to authorise this consent")
    return Wanted(Kind.WAIT)


def check_status(sca_status: str | None) -> None:
    """Every scaStatus leads on, but for ``failed``."""
    if sca_status == "failed":
        raise Refused("the PSU was not authenticated", code="access_denied")


def confirmation_code(callback: Mapping[str, str]) -> str:
    """What the bank added to the redirect URI for us to say back to it; "" for nothing. The standard names no
    parameter: these are in use."""
    named = (callback.get(name, "") for name in ("confirmationCode", "confirmation_code", "code"))
    return next((code for code in named if code), "")[:_LONGEST_ANSWER]


def is_done(told: consent_wire.Authorisation) -> bool:
    """Whether the PSU has nothing left to do."""
    return told.sca_status in _DONE


def ask(told: consent_wire.Authorisation, kind: Kind, *, image: bytes | None = None, error: str = "") -> Ask:
    """How the PSU is asked for what ``kind`` is. ``image`` is a challenge that was fetched from where the bank said."""
    said = text.clean(told.psu_message)
    match kind:
        case Kind.IDENTIFY:
            return Ask((PSU_ID,), _words(said), error)
        case Kind.AUTHENTICATE:
            return Ask((PSU_ID, _PASSWORD), _words(said, _EXPLAINED), error)
        case Kind.ADDITIONAL:
            second = Field("password", "Your second password at the bank", "secret")
            return Ask((second,), _words(said, _EXPLAINED), error)
        case Kind.METHOD:
            return Ask((_methods(told),), _words(said), error)
        case Kind.CONFIRM:
            shown = Field("code", "The confirmation code that your bank showed you", "code", max_length=_LONGEST_ANSWER)
            return Ask((shown,), _words(said), error)
        case Kind.CODE:
            return _code(told, said, image, error)
        case _:
            return Ask((), _words(said or _CONFIRM), error)


def missing(answers: Mapping[str, str]) -> str:
    """What is wrong with ``answers`` before the bank is asked; "" for nothing."""
    if not all(value.strip() for value in answers.values()):
        return "Please answer every question."
    psu_id = answers.get("psu_id")
    if psu_id is not None and text.header_value(psu_id) != psu_id.strip():
        return "That is not a login name: it holds signs that your bank cannot be sent."
    return ""


def psu_headers(answers: Mapping[str, str]) -> dict[str, str]:
    """Who the PSU says they are, where that was asked."""
    return {"PSU-ID": answers["psu_id"].strip()} if "psu_id" in answers else {}


def body(kind: Kind, answers: Mapping[str, str], *, is_encrypted: bool = False) -> bytes:
    """The JSON of the call that ``kind`` is answered with. Secret. ``is_encrypted``: the password is."""
    match kind:
        case Kind.AUTHENTICATE:
            name = "encryptedPassword" if is_encrypted else "password"
            sent: dict[str, object] = {"psuData": {name: answers["password"]}}
        case Kind.ADDITIONAL:
            name = "additionalEncryptedPassword" if is_encrypted else "additionalPassword"
            sent = {"psuData": {name: answers["password"]}}
        case Kind.METHOD:
            sent = {"authenticationMethodId": answers["method"]}
        case Kind.CODE:
            sent = {"scaAuthenticationData": answers["code"].strip()}
        case Kind.CONFIRM:
            sent = {"confirmationCode": answers["code"].strip()}
        case _:
            sent = {}
    return msgspec.json.encode(sent)


def image_link(told: consent_wire.Authorisation) -> str | None:
    """Where the picture of the challenge is, if it is not in the answer itself."""
    challenge = told.challenge_data
    return challenge.image_link or None if challenge and not challenge.image else None


def _methods(told: consent_wire.Authorisation) -> Field:
    options = []
    for one in told.sca_methods or ():
        name = text.clean(one.name) or text.clean(one.authentication_type) or one.authentication_method_id
        more = text.clean(one.explanation)
        options.append((one.authentication_method_id, f"{name}: {more}"[:_LONGEST_TEXT] if more else name))
    if not options:
        raise ContractBroken("the bank lets the PSU choose between no methods")
    return Field("method", "How do you want to confirm?", "choice", options=tuple(options))


def _code(told: consent_wire.Authorisation, said: str | None, fetched: bytes | None, error: str) -> Ask:
    challenge = told.challenge_data or consent_wire.Challenge()
    length = challenge.otp_max_length or challenge.opt_max_length or 0
    hint = "Digits only." if (challenge.otp_format or challenge.opt_format) == "integer" else ""
    field = Field(
        "code", "The code from your bank", "code", hint, max_length=length if 1 <= length <= _LONGEST_ANSWER else 200
    )
    chosen = text.clean(told.chosen_sca_method.name) if told.chosen_sca_method else None
    data = [challenge.data] if isinstance(challenge.data, str) else challenge.data or []
    shown = [value for one in data if (value := text.clean(one))]
    explanation = _words(
        said,
        f"By {chosen}." if chosen else None,
        text.clean(challenge.additional_information),
        f"For your bank's device: {', '.join(shown)}" if shown else None,
    )
    image = _decoded(challenge.image) if challenge.image else fetched
    if image is None:
        return Ask((field,), explanation, error)
    return Ask((field,), explanation, error, image=image, image_type=_image_type(image))


def _decoded(image: str) -> bytes:
    """challengeData.image is Base64; some banks wrap it in lines or in a data: URL."""
    written = image.rpartition(",")[2] if image.startswith("data:") else image
    try:
        return base64.b64decode("".join(written.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ContractBroken("the challenge's picture is not Base64") from None


def _image_type(image: bytes) -> ImageType:
    """By its first bytes: what a browser of ours is to draw is never left to what a bank calls it."""
    if len(image) > _LARGEST_IMAGE_BYTES:
        raise ContractBroken("the challenge's picture is too large")
    for start, media_type in _IMAGES:
        if image.startswith(start):
            return media_type
    raise ContractBroken("the challenge's picture is not a PNG, JPEG or GIF")


def _words(*parts: str | None) -> str:
    return " ".join(part[:_LONGEST_TEXT] for part in parts if part)
