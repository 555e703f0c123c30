"""Log lines as JSON, one object a line. Nothing secret goes in: values come from the hub's own code, never from
headers, bodies or query strings, and the chattiest library loggers are closed because they do print tokens.
"""

import json
import logging
import sys
import traceback
import warnings
from datetime import UTC, datetime

from joserfc.errors import SecurityWarning

from hub import correlation

# These write codes, tokens and assertions at debug level; no log level may bring that back.
SECRETIVE = ("authlib", "urllib3", "requests", "requests_oauthlib", "joserfc", "fido2")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (trace_id := correlation.current()) is not None:
            line["trace_id"] = trace_id
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def frames(error: BaseException) -> list[str]:
    """Where an unforeseen error happened: its last places, outermost first."""
    places = traceback.extract_tb(error.__traceback__)[-12:]
    return [f"{place.filename}:{place.lineno} {place.name}" for place in places]


def quiet_libraries() -> None:
    """Close the loggers that would print secrets, whatever the root logger's level."""
    for name in SECRETIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    # At each use: RFC 9864 gives EdDSA other names. FAPI 2.0 5.4.1 and our clients call it by this one.
    warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)


def configure(level: str = "INFO") -> None:
    """JSON lines on standard error for this process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    quiet_libraries()
