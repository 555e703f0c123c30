"""An answer of the API as JSON: times in UTC, to the second."""

from typing import Any

import orjson
from flask import Response

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS


def json_of(document: Any) -> Response:
    return Response(orjson.dumps(document, option=_OPTIONS), content_type="application/json")
