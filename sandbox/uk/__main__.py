"""``python -m sandbox.uk``: run Albion Bank."""

from sandbox.clock import BankClock
from sandbox.serve import flags, serve
from sandbox.tpp import Tpp
from sandbox.uk.app import NAME, create_app

DEFAULT_REDIRECT_URI = "http://127.0.0.1:8000/connections/callback"
DEFAULT_JWKS_URI = "http://127.0.0.1:8000/.well-known/tpp-jwks.json"


def main() -> None:
    parser = flags(NAME, default_port=8101)
    parser.add_argument("--client-id", default="rialto", help="the one registered TPP")
    parser.add_argument("--client-jwks-uri", default=DEFAULT_JWKS_URI, help="where its public keys are")
    parser.add_argument("--redirect-uri", action="append", help="repeatable; matched exactly")
    args = parser.parse_args()
    redirect_uris = frozenset(args.redirect_uri or [DEFAULT_REDIRECT_URI])
    tpp = Tpp(args.client_id, args.client_jwks_uri, redirect_uris)
    clock = BankClock(args.today)
    serve(NAME, args, lambda url: create_app(url, tpp, clock, page_size=args.page_size, control=args.control))


if __name__ == "__main__":
    main()
