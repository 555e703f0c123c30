"""``python -m tests.providers.versions``: look at the rows anew, where the versions allow it."""

import json
import sys

from tests.providers.versions import FILE, STANDARDS, difference, seen_before, seen_now


def main() -> None:
    before, now = seen_before(), {one: seen_now(one) for one in STANDARDS}
    differences = {one: difference(before[one], now[one]) for one in STANDARDS if one in before}
    forbidden = {one: found for one, found in differences.items() if found.is_forbidden}
    if forbidden:
        told = "; ".join(f"{one} ({len(found.changed)} rows)" for one, found in forbidden.items())
        sys.exit(f"rows come out otherwise under the version that they had: {told}. Raise it first.")
    FILE.write_text(json.dumps(now, indent=1) + "\n")
    for one, found in differences.items():
        print(f"{one}: {len(found.changed)} come out otherwise, {len(found.others)} were added or taken away")


if __name__ == "__main__":
    main()
