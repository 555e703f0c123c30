"""What a person is told by mail about how their account is logged in to: what changed, and what looks unusual."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from hub.context import Hub
from hub.identity import notices
from hub.identity.activity import Kind
from hub.identity.mailed_links import in_words
from hub.mail import Template

_WORDS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.PASSKEY_ADDED: "A passkey was added",
        Kind.PASSKEY_REMOVED: "A passkey was removed",
        Kind.PASSKEY_COPIED: "A passkey was refused, because a copy of it seems to be in use",
        Kind.TOTP_ADDED: "An authenticator app was added",
        Kind.TOTP_REMOVED: "The authenticator app was removed",
        Kind.RECOVERY_CODES_MADE: "New recovery codes were made",
        Kind.RECOVERY_CODE_USED: "A recovery code was used to log in",
        Kind.NEW_DEVICE: "Somebody logged in on a device that we had not seen",
    }
)


def tell(hub: Hub, session: Session, psu_id: str, kind: Kind, *, now: datetime) -> None:
    """In the transaction of what it tells of, to the verified address, if there is one."""
    words = {"what": _WORDS[kind], "at": in_words(now), "link": f"{hub.settings.base_url}/account"}
    notices.tell(hub, session, psu_id, Template.FACTOR_CHANGED, now=now, **words)
