"""How a place in a bank's row is written in the provenance."""


def by(place: str, rule: str) -> str:
    """``place``, and the rule that made more of it than the standard says, if one did."""
    return f"{place} by {rule}" if rule else place
