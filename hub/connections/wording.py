"""What a connection's state means, in plain words, and what the person should do about it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hub.connections.state import FailureKind, Status


@dataclass(frozen=True, slots=True)
class Words:
    """``title`` is the state in a few words, ``explanation`` what happened, ``advice`` what the person should do now,
    empty where there is nothing to do. ``{bank}`` is already replaced by the bank's name.
    """

    title: str
    explanation: str
    advice: str = ""


_S, _F = Status, FailureKind

# (status, failure kind) -> words; (status, None) speaks where the pair is not listed
WORDS: Mapping[tuple[Status, FailureKind | None], Words] = MappingProxyType(
    {
        (_S.LINKING, None): Words(
            "Not linked yet",
            "The link to {bank} was begun but not finished.",
            "Try again: you will be sent to {bank} to log in and agree.",
        ),
        (_S.LINKING, _F.ACCESS_DENIED): Words(
            "Not linked",
            "At {bank} you chose not to give access, so nothing was linked and nothing was read.",
            "If that was not what you wanted, try again.",
        ),
        (_S.LINKING, _F.BANK_UNAVAILABLE): Words(
            "Not linked yet",
            "You came back from {bank}, but {bank} did not answer when we asked for the access.",
            "Try again in a few minutes.",
        ),
        (_S.LINKING, _F.REFUSED): Words(
            "Not linked", "{bank} refused to give us access.", "Try again; if it happens twice, ask {bank} why."
        ),
        (_S.LINKING, _F.CONTRACT_BROKEN): Words(
            "Not linked",
            "{bank} answered in a way that we could not trust, so we stopped. We have kept a record of it.",
            "Try again from here. Do not use a link that somebody sent you.",
        ),
        (_S.LINKING, _F.HUB_ERROR): Words(
            "Not linked yet", "Something went wrong on our side. It has been noted.", "Try again."
        ),
        (_S.READY, None): Words("Up to date", "{bank} is linked and is read a few times a day."),
        (_S.READY, _F.BANK_UNAVAILABLE): Words(
            "A little behind", "{bank} did not answer everything when we last asked. We will ask again soon."
        ),
        (_S.READY, _F.REFUSED): Words(
            "Some accounts were refused",
            "{bank} shows us that these accounts exist but did not let us read all of them.",
            "If you expected them here, renew the link and choose them at {bank}.",
        ),
        (_S.READY, _F.CONTRACT_BROKEN): Words(
            "Some accounts could not be read",
            "{bank} sent something about one of your accounts that we could not understand. "
            "We have kept it and are looking at it; the other accounts are up to date.",
        ),
        (_S.READY, _F.ROWS_REJECTED): Words(
            "Some entries could not be read",
            "{bank} sent a few entries that we could not understand. We have kept them and are looking at them; "
            "everything else is up to date.",
        ),
        (_S.READY, _F.NOTICED): Words("Up to date", "{bank} has something to tell you."),
        (_S.READY, _F.HUB_ERROR): Words(
            "A little behind", "Something went wrong on our side. It has been noted, and we will try again soon."
        ),
        (_S.NEEDS_PSU, None): Words(
            "{bank} needs you",
            "{bank} asks you to confirm from time to time that we may go on reading. "
            "Until you do, nothing new arrives; what is here already stays.",
            "Renew the link: you will be sent to {bank} for a moment.",
        ),
        (_S.NEEDS_ASPSP, None): Words(
            "Waiting for {bank}",
            "{bank} has not answered us for a while. We keep trying; what is here already stays.",
        ),
        (_S.NEEDS_ASPSP, _F.REFUSED): Words(
            "Refused by {bank}",
            "{bank} refuses to let us read these accounts. We ask again once a day.",
            "Renew the link. If that does not help, ask {bank} why it refuses access.",
        ),
        (_S.NEEDS_ASPSP, _F.CONTRACT_BROKEN): Words(
            "Waiting for {bank}",
            "{bank} sends answers that we cannot understand. We have kept them and are looking at them.",
        ),
        (_S.NEEDS_ASPSP, _F.HUB_ERROR): Words(
            "Waiting for {bank}", "Something went wrong on our side while waiting for {bank}. We will try again."
        ),
        (_S.REVOKED, None): Words(
            "Disconnected",
            "You disconnected {bank}. Nothing is read any more; what was read before stays here.",
            "To read it again, link {bank} anew.",
        ),
    }
)


def describe(status: Status, failure_kind: FailureKind | None, *, bank: str) -> Words:
    """Every pair has words: where a pair is not listed, the status alone speaks."""
    words = WORDS.get((status, failure_kind)) or WORDS[status, None]
    fill = {"bank": bank}
    return Words(words.title.format_map(fill), words.explanation.format_map(fill), words.advice.format_map(fill))


_LINK_FAILED: Mapping[FailureKind, str] = MappingProxyType(
    {
        _F.BANK_UNAVAILABLE: "{bank} does not answer at the moment. Try again in a few minutes.",
        _F.CONSENT_ENDED: "{bank} ended the attempt before it was finished. Try again.",
        _F.REFUSED: "{bank} refused. Try again; if it happens twice, ask {bank} why.",
        _F.ACCESS_DENIED: "At {bank} you chose not to give access.",
        _F.CONTRACT_BROKEN: "{bank} answered in a way that we could not trust, so we stopped. Try again from here.",
    }
)


def why_link_failed(kind: FailureKind, *, bank: str, is_renewal: bool) -> str:
    """Why linking came to nothing, and that nothing has changed."""
    why = _LINK_FAILED.get(kind, "Something went wrong on our side. Try again.").format_map({"bank": bank})
    return f"{why} {'The link is as it was before.' if is_renewal else 'Nothing was linked.'}"
