"""``python -m sandbox.simplefin``: run the Lagoon Bridge."""

from sandbox.clock import BankClock
from sandbox.people import PEOPLE
from sandbox.serve import flags, serve
from sandbox.simplefin.app import NAME, create_app, new_token
from sandbox.simplefin.vault import Vault


def main() -> None:
    parser = flags(NAME, default_port=8108)
    parser.add_argument("--token-for", choices=sorted(PEOPLE), help="announce a setup token of this person's")
    args = parser.parse_args()
    clock, vault = BankClock(args.today), Vault()
    serve(
        NAME,
        args,
        lambda url: create_app(url, clock, vault, control=args.control),
        lambda url: {"setup_token": new_token(url, vault, args.token_for)} if args.token_for else {},
    )


if __name__ == "__main__":
    main()
