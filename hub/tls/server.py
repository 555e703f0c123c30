"""``python -m hub.tls.server``: the hub over TLS for development, with client certificates of any issuer.

cheroot serves, pyOpenSSL shakes hands: granian does not tell WSGI who the client is, and Python's own ssl module cannot
let a certificate through whose issuer it does not know (docs/decisions/0005-tls.md). A certificate says nothing here
but that the client holds its key; whom it belongs to is for the hub to find out (hub.certificates).
"""

import argparse
import logging
import signal
import sys
from pathlib import Path
from socket import socket
from typing import Any

from cheroot import ssl, wsgi
from cheroot.makefile import StreamReader, StreamWriter
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from hub.app import create_app
from hub.proxy import SERVER_KEY
from hub.tls.authority import Files
from hub.tls.connection import Connection

log = logging.getLogger(__name__)
THREADS = 16
CIPHERS_1_2 = (  # FAPI 2.0 Security Profile 5.2.2; TLS 1.3 keeps its own suites
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
)


class Adapter(ssl.Adapter):
    """Where cheroot gets its TLS from: each connection is wrapped once it has been accepted."""

    def __init__(self, made: SSL.Context) -> None:
        self.context = made

    def bind(self, sock: socket) -> socket:
        return sock

    def wrap(self, sock: socket) -> tuple[Connection, dict[str, str]]:
        return Connection(self.context, sock), self.get_environ()

    def get_environ(self) -> dict[str, str]:
        return {"wsgi.url_scheme": "https", "HTTPS": "on"}

    def makefile(self, sock: Connection, mode: str = "r", bufsize: int = -1) -> StreamReader | StreamWriter:
        return (StreamReader if "r" in mode else StreamWriter)(sock, mode, bufsize)


class Gateway(wsgi.Gateway_10):
    """Adds the certificate's DER to the environ. By now the handshake is over: the request line has been read."""

    def get_environ(self) -> dict[str, Any]:  # type: ignore[override]  # cheroot's stubs say None
        environ: dict[str, Any] = super().get_environ()  # type: ignore[no-untyped-call]
        certificate = self.req.conn.socket.get_peer_certificate(as_cryptography=True)
        if certificate is not None:
            environ[SERVER_KEY] = certificate.public_bytes(Encoding.DER)
        return environ


class Server(wsgi.Server):
    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """cheroot would print the exception, and what the client sent with it."""
        log.log(level, "the TLS server met an error" if traceback else "the TLS server says something")


def context(files: Files) -> SSL.Context:
    made = SSL.Context(SSL.TLS_SERVER_METHOD)
    made.set_min_proto_version(SSL.TLS1_2_VERSION)
    made.set_cipher_list(":".join(CIPHERS_1_2).encode())
    # No session is taken up again: each connection shows its certificate afresh.
    made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    made.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION)
    made.set_verify(SSL.VERIFY_PEER, lambda *_: True)  # asked for, not required, of whatever issuer
    made.use_certificate_chain_file(str(files.certificate))
    made.use_privatekey_file(str(files.key))
    return made


def serve(app: Any, host: str, port: int, files: Files) -> Server:
    """A server that has not been started; ``start()`` blocks."""
    server = Server((host, port), app, numthreads=THREADS, server_name="localhost")
    server.gateway = Gateway
    server.ssl_adapter = Adapter(context(files))
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    given = parser.parse_args()
    server = serve(create_app(), given.host, given.port, Files(given.certificate, given.key))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.start()
    finally:
        server.stop()


if __name__ == "__main__":
    main()
