"""``python -m sandbox.berlin``: run Lorelei Bank."""

from sandbox.berlin.app import NAME, create_app
from sandbox.clock import BankClock
from sandbox.serve import flags, serve


def main() -> None:
    args = flags(NAME, default_port=8102).parse_args()
    clock = BankClock(args.today)
    serve(NAME, args, lambda url: create_app(url, clock, page_size=args.page_size, control=args.control))


if __name__ == "__main__":
    main()
