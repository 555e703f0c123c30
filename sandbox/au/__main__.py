"""``python -m sandbox.au``: run Bunyip Bank."""

from sandbox.au.app import NAME, create_app
from sandbox.clock import BankClock
from sandbox.serve import flags, serve
from sandbox.tpp import Tpp, add_flags


def main() -> None:
    parser = flags(NAME, default_port=8104)
    add_flags(parser)
    args = parser.parse_args()
    tpp, clock = Tpp.from_flags(args), BankClock(args.today)
    serve(NAME, args, lambda url: create_app(url, tpp, clock, page_size=args.page_size, control=args.control))


if __name__ == "__main__":
    main()
