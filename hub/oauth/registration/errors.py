"""Why a registration is refused (RFC 7591 3.2.2)."""

from hub.errors import BadInput

METADATA = "invalid_client_metadata"
REDIRECT_URI = "invalid_redirect_uri"
STATEMENT = "invalid_software_statement"
UNAPPROVED = "unapproved_software_statement"


class BadMetadata(BadInput):
    """``parameter`` is the registered name of the member at fault, ``detail`` says why without repeating its value.

    ``error`` is the code of RFC 7591 3.2.2.
    """

    def __init__(self, parameter: str, detail: str, *, error: str = METADATA) -> None:
        super().__init__(detail, parameter=parameter)
        self.member = parameter
        self.error = error

    @property
    def description(self) -> str:
        """``error_description``: the member's name first, where one is at fault."""
        return f"{self.member}: {self.detail}" if self.member else self.detail
