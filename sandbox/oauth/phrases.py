"""What the person's pages say, in a bank's own language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """``lang`` is BCP 47. ``own_text`` stands on the bank's front page and says what it speaks."""

    lang: str
    home: str
    own_text: str
    log_in: str
    username: str
    password: str
    sandbox_people: str
    share: str
    asks: str
    which: str
    go_on: str
    refuse: str
    confirm: str
    code: str
    code_is: str
    allow: str
    stuck: str
    wrong_password: str
    wrong_code: str
    pick_one: str
    gone: str
    stale: str
