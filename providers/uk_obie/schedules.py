"""How often: the schedule words of version 3.1 and the frequency codes of version 4.0, in ISO 20022 terms. Pure."""

import re

from providers.resources import Frequency, MandateStatus, Schedule
from providers.uk_obie.values import key

# OBFrequency6Code of version 4 and the direct debit frequencies of version 3.
_CODES: dict[str, tuple[Frequency, int]] = {
    "year": (Frequency.YEARLY, 1),
    "annual": (Frequency.YEARLY, 1),
    "mian": (Frequency.HALF_YEARLY, 1),
    "halfyearly": (Frequency.HALF_YEARLY, 1),
    "qurt": (Frequency.QUARTERLY, 1),
    "quarterly": (Frequency.QUARTERLY, 1),
    "mnth": (Frequency.MONTHLY, 1),
    "monthly": (Frequency.MONTHLY, 1),
    "twmh": (Frequency.MONTHLY, 2),
    "almh": (Frequency.MONTHLY, 2),
    "fomh": (Frequency.MONTHLY, 4),
    "fimh": (Frequency.MONTHLY, 5),
    "week": (Frequency.WEEKLY, 1),
    "weekly": (Frequency.WEEKLY, 1),
    "frtn": (Frequency.WEEKLY, 2),
    "fortnightly": (Frequency.WEEKLY, 2),
    "fowk": (Frequency.WEEKLY, 4),
    "dail": (Frequency.DAILY, 1),
    "daily": (Frequency.DAILY, 1),
    "evryday": (Frequency.DAILY, 1),
    "wodl": (Frequency.WORKING_DAYS, 1),
    "evryworkgday": (Frequency.WORKING_DAYS, 1),
    "inda": (Frequency.INTRADAY, 1),
    "adho": (Frequency.AD_HOC, 1),
}

# OBExternalFrequency1Code: IntrvlWkDay:<weeks>:<day>, IntrvlMnthDay:<months>:<day>, WkInMnthDay:<week>:<day> ...
_INTERVAL_DAYS = re.compile(r"IntrvlDay:(\d{1,3})", re.ASCII | re.IGNORECASE)
_INTERVAL_WEEKS = re.compile(r"IntrvlWkDay:(\d{1,2}):(\d{1,2})", re.ASCII | re.IGNORECASE)
_WEEK_IN_MONTH = re.compile(r"WkInMnthDay:(\d{1,2}):(\d{1,2})", re.ASCII | re.IGNORECASE)
_INTERVAL_MONTHS = re.compile(r"IntrvlMnthDay:(\d{1,2}):(-?\d{1,2})", re.ASCII | re.IGNORECASE)
_QUARTER = re.compile(r"QtrDay:(ENGLISH|SCOTTISH|RECEIVED)", re.ASCII | re.IGNORECASE)
_MONTHS: dict[int, tuple[Frequency, int]] = {
    3: (Frequency.QUARTERLY, 1),
    6: (Frequency.HALF_YEARLY, 1),
    12: (Frequency.YEARLY, 1),
    24: (Frequency.YEARLY, 2),
}

# OBExternalStandingOrderStatus1Code and OBExternalDirectDebitStatus1Code; ExternalMandateStatus1Code in version 4.
_STATUSES = {
    "active": MandateStatus.ACTIVE,
    "inactive": MandateStatus.INACTIVE,
    "actv": MandateStatus.ACTIVE,
    "canc": MandateStatus.CANCELLED,
    "expi": MandateStatus.EXPIRED,
    "susp": MandateStatus.SUSPENDED,
}


def schedule(word: str | None, *, count: int = 1, day: int | None = None) -> Schedule | None:
    """None where nothing is said, or only that nothing is known (NotKnown, NONE).

    ``count`` is how often within the period (CountPerPeriod) and ``day`` the PointInTime of version 4. Twice a month
    has no whole interval: the frequency is then all that is told.
    """
    label = (word or "").strip()
    named = _CODES.get(key(label))
    if named is not None:
        point = day if day and named[0] in (Frequency.MONTHLY, Frequency.WEEKLY) and count == 1 else None
        return Schedule(*named, day=point, source_label=label)
    if found := _INTERVAL_DAYS.fullmatch(label):
        return _every(Frequency.DAILY, int(found[1]), None, label)
    if found := _INTERVAL_WEEKS.fullmatch(label):
        return _every(Frequency.WEEKLY, int(found[1]), int(found[2]), label)
    if found := _WEEK_IN_MONTH.fullmatch(label):
        return Schedule(Frequency.MONTHLY, day=int(found[2]), week=int(found[1]), source_label=label)
    if found := _INTERVAL_MONTHS.fullmatch(label):
        frequency, interval = _MONTHS.get(int(found[1]), (Frequency.MONTHLY, int(found[1])))
        return _every(frequency, interval, int(found[2]), label)
    if _QUARTER.fullmatch(label):
        return Schedule(Frequency.QUARTERLY, source_label=label)
    return None


def _every(frequency: Frequency, interval: int, day: int | None, label: str) -> Schedule | None:
    return Schedule(frequency, interval, day or None, source_label=label) if interval else None


def mandate_status(word: str | None) -> MandateStatus | None:
    return _STATUSES.get(key(word))
