"""``python -m sandbox.au``: run Bunyip Bank."""

from flask import Flask

from sandbox.au.app import NAME, create_app
from sandbox.clock import BankClock
from sandbox.serve import flags, serve
from sandbox.tpp import Tpp, add_flags


def main() -> None:
    parser = flags(NAME, default_port=8104)
    add_flags(parser)
    parser.add_argument(
        "--recipient-base-uri", help="who is told that a person ended an arrangement; nobody without it"
    )
    args = parser.parse_args()
    tpp, clock = Tpp.from_flags(args), BankClock(args.today)

    def app(url: str) -> Flask:
        told = args.recipient_base_uri
        return create_app(url, tpp, clock, page_size=args.page_size, control=args.control, recipient_base_uri=told)

    serve(NAME, args, app)


if __name__ == "__main__":
    main()
