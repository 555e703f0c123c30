"""``python -m sandbox.simplefin``: run the Lagoon Bridge."""

from sandbox.clock import BankClock
from sandbox.serve import flags, serve
from sandbox.simplefin.app import NAME, create_app


def main() -> None:
    args = flags(NAME, default_port=8108).parse_args()
    clock = BankClock(args.today)
    serve(NAME, args, lambda url: create_app(url, clock, control=args.control))


if __name__ == "__main__":
    main()
