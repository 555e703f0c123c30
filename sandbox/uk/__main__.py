"""``python -m sandbox.uk``: run Albion Bank; ``--bank cambria`` runs Cambria Bank."""

import argparse

from sandbox.clock import BankClock
from sandbox.serve import flags, serve
from sandbox.tpp import Tpp, add_flags
from sandbox.uk.app import create_app
from sandbox.uk.profile import PROFILES


def main() -> None:
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("--bank", choices=sorted(PROFILES), default="albion")
    profile = PROFILES[which.parse_known_args()[0].bank]
    parser = flags(profile.name, default_port=profile.port)
    add_flags(parser)
    parser.add_argument("--bank", choices=sorted(PROFILES), default="albion")
    parser.add_argument("--client-secret", default="", help="what the TPP was given, at banks that take a secret")
    args = parser.parse_args()
    tpp, clock = Tpp.from_flags(args), BankClock(args.today)
    serve(
        profile.name,
        args,
        lambda url: create_app(
            url,
            profile,
            tpp,
            clock,
            page_size=args.page_size,
            control=args.control,
            client_secret=args.client_secret,
        ),
    )


if __name__ == "__main__":
    main()
