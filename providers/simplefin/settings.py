"""What an institution's file says under ``api`` for this standard."""

from typing import Annotated

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``create_url`` is where the person gets a token: a link on our page, so https or this machine's own bridge.
    ``window_days`` is how much one request may ask for: the Bridge warns beyond 60."""

    create_url: Annotated[str, Meta(pattern=r"^(https://[^/?#]+|http://127\.0\.0\.1:[0-9]{1,5})(/[^?#]*)?$")]
    window_days: Annotated[int, Meta(ge=1, le=366)] = 60
