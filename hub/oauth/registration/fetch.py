"""What a client published at an address of its own. All failures look alike, so that nobody learns what else answers
there (hub.outbound keeps to public addresses).
"""

from typing import Any

import orjson

from hub.context import Hub
from hub.oauth.jose.published import ACCEPT, MAX_BYTES
from hub.oauth.jose.strict import read_object
from hub.oauth.registration.errors import BadMetadata
from hub.outbound.fetch import OutboundError

_NOTHING = (
    "Nothing could be read there: a JSON document of at most 64 KiB is needed, at an https address that anybody can"
    " reach."
)
MAX_LIST = 1000


def fetch_object(hub: Hub, member: str, url: str) -> dict[str, Any]:
    """A JSON object. Raises BadMetadata naming the member."""
    if (found := read_object(_get(hub, member, url))) is None:
        raise BadMetadata(member, _NOTHING)
    return found


def fetch_list(hub: Hub, member: str, url: str) -> list[str]:
    """A JSON array of texts. Raises BadMetadata naming the member."""
    try:
        found = orjson.loads(_get(hub, member, url))
    except ValueError as error:
        raise BadMetadata(member, _NOTHING) from error
    if not isinstance(found, list) or len(found) > MAX_LIST or not all(isinstance(one, str) for one in found):
        raise BadMetadata(member, "A JSON array of texts is needed there.")
    return found


def _get(hub: Hub, member: str, url: str) -> bytes:
    try:
        return hub.outbound.get_json(url, max_bytes=MAX_BYTES, accept=ACCEPT).body
    except OutboundError as error:
        raise BadMetadata(member, _NOTHING) from error
