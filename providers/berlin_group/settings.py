"""What a bank's file must say under ``api`` for this standard."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Url = Annotated[str, Meta(pattern="^https?://[^/?#]+[^?#]*$")]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``base_url`` is everything before ``/v1``. ``booking_status`` is what the bank supports: only ``booked`` is
    mandatory in the standard. ``time_zone`` is the bank's own, for moments written without an offset.

    ``approach`` is the SCA approach that we prefer; the bank decides, and whatever it chooses is followed.
    ``link_urls`` are other addresses of the bank that its links may lead to (a picture to scan). ``links_from_base``:
    an absolute path in a link of an authorisation lacks what the gateway puts before it, and begins at ``base_url``.
    """

    base_url: Url
    booking_status: Literal["booked", "both"] = "both"
    approach: Literal["redirect", "decoupled", "embedded"] = "redirect"
    link_urls: tuple[Url, ...] = ()
    links_from_base: bool = False
    time_zone: str = "Europe/Berlin"
    ca_bundle: str | None = None
    same_request_id_on_pages: bool = False  # eleven banks on the Redsys hub refuse page 2 otherwise
