"""``python -m sandbox.uk``: run Albion Bank."""

from sandbox.clock import BankClock
from sandbox.serve import flags, serve
from sandbox.tpp import Tpp, add_flags
from sandbox.uk.app import NAME, create_app


def main() -> None:
    parser = flags(NAME, default_port=8101)
    add_flags(parser)
    args = parser.parse_args()
    tpp = Tpp.from_flags(args)
    clock = BankClock(args.today)
    serve(NAME, args, lambda url: create_app(url, tpp, clock, page_size=args.page_size, control=args.control))


if __name__ == "__main__":
    main()
