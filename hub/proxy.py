"""Who really called, when a proxy stands in front: the first thing that a request meets, before the application.

Headers in which a proxy speaks about its caller are believed only from a proxy: a peer inside RIALTO_TRUSTED_PROXIES.
From anybody else they are taken away, and so are they after they have been used: the application never sees one.
WSGI writes ``Client-Cert`` and ``Client_Cert`` to the same name, so both are taken away; a proxy has to drop names with
underscores itself (docs/operating/tls.md).
"""

import ipaddress
import logging
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeAlias

from werkzeug.middleware.proxy_fix import ProxyFix

from hub.certificates import ENVIRON_KEY, Authorities, Presented
from hub.clock import Clock
from hub.settings import Settings

log = logging.getLogger(__name__)
SERVER_KEY = "rialto.tls"
"""Where a server that ends TLS itself puts the DER of the client's certificate into the environ (hub.tls)."""

_FORWARDING = re.compile(
    r"HTTP_(X_FORWARDED(_.*)?|FORWARDED|X_REAL_IP|X_CLIENT_.*|SSL_CLIENT.*|X_SSL_.*|CLIENT_CERT(_CHAIN)?)"
)
_NONE, _SUCCESS = "NONE", "SUCCESS"  # nginx's $ssl_client_verify; the third is FAILED:reason
Environ: TypeAlias = dict[str, Any]
WsgiApp: TypeAlias = Any  # typeshed's own is not importable at run time


class TrustedProxies:
    """WSGI middleware. Raises SettingsError if RIALTO_CLIENT_CA_FILE cannot be read."""

    def __init__(self, app: WsgiApp, settings: Settings, clock: Clock) -> None:
        hops = settings.trusted_proxy_hops
        self._app = app
        self._settings = settings
        self._told = False
        self._authorities = Authorities.from_file(clock, settings.client_ca_file)
        self._certificate = _environ_name(settings.client_cert_header)
        self._verify = _environ_name(settings.client_verify_header)
        self._behind_proxy = ProxyFix(self._stripped, x_for=hops, x_proto=hops, x_host=hops)
        self._trusts = lru_cache(maxsize=1024)(self._is_proxy)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        environ.pop(ENVIRON_KEY, None)
        trusted = self._settings.trusted_proxy_hops > 0 and self._trusts(environ.get("REMOTE_ADDR", ""))
        shown = environ.pop(self._certificate, "")
        verify = environ.pop(self._verify, "")
        if isinstance(der := environ.pop(SERVER_KEY, None), bytes):
            environ[ENVIRON_KEY] = Presented(der, False, self._authorities)
        elif trusted and shown:
            self._hand_over(environ, shown, verify)
        answer = self._behind_proxy if trusted else self._stripped
        if shown and not trusted:
            self._tell("a client certificate header came from a peer that is no trusted proxy and was removed")
        response: Iterable[bytes] = answer(environ, start_response)
        return response

    def _hand_over(self, environ: Environ, shown: str, verify: str) -> None:
        if verify == _NONE:
            log.warning("a client certificate is not used", extra={"why": "the proxy says that there was none"})
            return
        environ[ENVIRON_KEY] = Presented(shown, verify == _SUCCESS, self._authorities)

    def _stripped(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """``environ`` without anything that only a proxy may say."""
        for name in [name for name in environ if name.startswith("HTTP_") and _FORWARDING.fullmatch(name)]:
            del environ[name]
        response: Iterable[bytes] = self._app(environ, start_response)
        return response

    def _is_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._settings.trusted_proxies)

    def _tell(self, words: str) -> None:
        """Once a process: anybody can cause it as often as they like."""
        if not self._told:
            self._told = True
            log.warning(words)


def _environ_name(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")
