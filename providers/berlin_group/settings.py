"""What a bank's file must say under ``api`` for this standard."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``base_url`` is everything before ``/v1``. ``booking_status`` is what the bank supports: only ``booked`` is
    mandatory in the standard. ``time_zone`` is the bank's own, for moments written without an offset."""

    base_url: Annotated[str, Meta(pattern="^https?://[^/?#]+[^?#]*$")]
    booking_status: Literal["booked", "both"] = "both"
    time_zone: str = "Europe/Berlin"
    ca_bundle: str | None = None
    same_request_id_on_pages: bool = False  # eleven banks on the Redsys hub refuse page 2 otherwise
