"""The JSON of NextGenPSD2 consents and their authorisation, as far as we read it (see providers.berlin_group.wire)."""

import msgspec
from msgspec import Raw

from providers.berlin_group.wire import Link, Wire, href


class ScaMethod(Wire, frozen=True):
    """authenticationObject."""

    authentication_method_id: str
    authentication_type: str | None = None
    name: str | None = None
    explanation: str | None = None


class ChosenMethod(Wire, frozen=True):
    """chosenScaMethod."""

    name: str | None = None


class Challenge(Wire, frozen=True):
    """challengeData. ``image`` is Base64. ``opt...`` is how UniCredit writes it."""

    image: str | None = None
    data: list[str | None] | str | None = None
    image_link: str | None = None
    otp_max_length: int | None = None
    otp_format: str | None = None
    opt_max_length: int | None = None
    opt_format: str | None = None
    additional_information: str | None = None


class Authorisation(Wire, frozen=True):
    """What startScaprocessResponse, updatePsuAuthenticationResponse, selectPsuAuthenticationMethodResponse,
    scaStatusResponse and consentsResponse-201 say of the authorisation. Links by name, each decoded when it is wanted:
    a bank may add its own."""

    sca_status: str | None = None
    sca_methods: list[ScaMethod] | None = None
    chosen_sca_method: ChosenMethod | None = None
    challenge_data: Challenge | None = None
    psu_message: str | None = None
    links: dict[str, Raw] | None = msgspec.field(name="_links", default=None)


class ConsentCreated(Wire, frozen=True):
    """consentsResponse-201, beside its Authorisation."""

    consent_id: str
    consent_status: str


class ConsentStatus(Wire, frozen=True):
    consent_status: str


class Consent(Wire, frozen=True):
    """consentInformationResponse-200_json."""

    consent_status: str
    valid_until: str | None = None
    valid_to: str | None = None  # openFinance 2.x


class Message(Wire, frozen=True):
    code: str | None = None


class ErrorBody(Wire, frozen=True):
    """Error4xx_NG_AIS (tppMessages) or Error4xx_AIS (RFC 7807, code beside title)."""

    tpp_messages: list[Message] | None = None
    api_client_messages: list[Message] | None = None  # openFinance 2.x
    code: str | None = None


_LINK = msgspec.json.Decoder(Link)


def link(links: dict[str, Raw] | None, name: str) -> str | None:
    """The target of the link ``name`` of an answer; None where it has none. Raises msgspec.ValidationError."""
    written = (links or {}).get(name)
    return None if written is None else href(_LINK.decode(written))
