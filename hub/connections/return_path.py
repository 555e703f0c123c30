"""Where a browser may be sent after a detour: a path of ours, never another origin."""

from urllib.parse import urlsplit

from hub.errors import BadInput

MAX_LENGTH = 300


def local_path(given: str | None, *, parameter: str = "return_to") -> str | None:
    """``given`` unchanged if it is a path on this origin, None for none; raises BadInput otherwise.

    Browsers read ``//host``, ``/\\host`` and ``/<tab>/host`` as another origin, so backslashes, spaces and control
    characters are refused wherever they stand.
    """
    if not given:
        return None
    is_plain = given.isascii() and given.isprintable() and not set(given) & {"\\", " "}
    if len(given) <= MAX_LENGTH and is_plain and given.startswith("/") and not given.startswith("//"):
        parts = urlsplit(given)
        if not parts.scheme and not parts.netloc:
            return given
    raise BadInput("The address to come back to is not a path of this site.", parameter=parameter)
