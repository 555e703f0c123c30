# mypy: disallow-subclassing-any=False
# Authlib ships no types; what we take from it is pinned down by the tests.
"""An OAuth request as Authlib's grants and endpoints want to see it, made from parameters that we parsed."""

from collections.abc import Mapping

from authlib.oauth2.rfc6749.requests import OAuth2Payload, OAuth2Request

from hub.models.client import Client
from hub.oauth.errors import MissingParameter
from hub.oauth.parameters import Parameters


class Payload(OAuth2Payload):
    def __init__(self, parameters: Parameters) -> None:
        self._values = dict(parameters.values)

    @property
    def data(self) -> Mapping[str, str]:
        return self._values

    @property
    def datalist(self) -> Mapping[str, list[str]]:
        return {name: [value] for name, value in self._values.items()}


class Request(OAuth2Request):
    """``authorization`` is the Authorization header, None if there is none.

    Authlib's own constructor is left out on purpose: it judges the transport by an environment variable, which knows
    nothing of the proxy in front of the hub.
    """

    def __init__(self, *, method: str, authorization: str | None, parameters: Parameters) -> None:
        self.method = method
        self.authorization = authorization
        self.headers = {} if authorization is None else {"Authorization": authorization}
        self.payload = Payload(parameters)
        self.client: Client | None = None
        self.auth_method: str | None = None
        self._scope = None

    def __repr__(self) -> str:
        return f"Request({self.method})"

    @property
    def form(self) -> Mapping[str, str]:
        values: Mapping[str, str] = self.payload.data
        return values

    def required(self, name: str) -> str:
        """Raises MissingParameter."""
        if (value := self.form.get(name)) is None:
            raise MissingParameter(name)
        return value
