"""International bank account numbers (ISO 13616): check digits made and checked with MOD 97-10 (ISO 7064)."""


def _remainder(rearranged: str) -> int:
    return int("".join(str(int(letter, 36)) for letter in rearranged)) % 97


def make_iban(country: str, bban: str) -> str:
    """``country`` (two letters) and ``bban`` (capitals and digits) -> the IBAN with its two check digits."""
    return f"{country}{98 - _remainder(bban + country + '00'):02d}{bban}"


def is_iban(text: str) -> bool:
    """Whether ``text`` (no blanks) is 15 to 34 capitals and digits with right check digits."""
    if not (15 <= len(text) <= 34 and text.isascii() and text.isalnum() and text == text.upper()):
        return False
    return text[:2].isalpha() and text[2:4].isdigit() and _remainder(text[4:] + text[:4]) == 1
