"""``python -m sandbox.berlin``: run Lorelei Bank."""

from sandbox.berlin.app import NAME, create_app
from sandbox.berlin.bank import Ways
from sandbox.clock import BankClock
from sandbox.serve import flags, serve


def main() -> None:
    parser = flags(NAME, default_port=8102)
    parser.add_argument("--pre-step", action="store_true", help="want a token of the person's before the consent")
    parser.add_argument("--confirmation-codes", action="store_true", help="want the code of a return said back")
    parser.add_argument("--downloads", action="store_true", help="give transactions as reports that are prepared")
    args = parser.parse_args()
    ways = Ways(args.pre_step, args.confirmation_codes, args.downloads)
    clock = BankClock(args.today)
    serve(NAME, args, lambda url: create_app(url, clock, page_size=args.page_size, control=args.control, ways=ways))


if __name__ == "__main__":
    main()
