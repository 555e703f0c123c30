"""What each refusal of a UK bank means: the standard's table, before it what a bank's file says of its own.

Version 3 names errors by words (UK.OBIE.Field.Missing), version 4 by codes (OBExternalStatusReason1Code: U004); both
are understood whichever version a bank claims to speak.
"""

from collections.abc import Iterable

import msgspec

from providers.classify import Rule, Verdict, error_for
from providers.errors import ContractBroken, ProviderError
from providers.rows import Lenient
from providers.transport import Answer
from providers.uk_obie import wire
from providers.uk_obie.settings import Classification, Step
from providers.uk_obie.values import each

# A call made with the PSU's token. 401 is ReconsentRequired only because the hub refreshes before it believes it:
# call refresh() first when Access.expires_at has passed, and once more when this comes early.
TO_THE_PSU = (
    Rule(429, None, Verdict.LATER),
    Rule(401, None, Verdict.RECONSENT),
    *(
        Rule(status, code, Verdict.RECONSENT)
        for status, code in (
            (403, "UK.OBIE.Reauthenticate"),
            (403, "U028"),
            (403, "UK.OBIE.Resource.InvalidConsentStatus"),
            (403, "U009"),
            (403, "UK.OBIE.Resource.ConsentMismatch"),
            (403, "U008"),
            (400, "UK.OBIE.Resource.InvalidConsentStatus"),
            (400, "U009"),
        )
    ),
    Rule(403, None, Verdict.REFUSED),
    Rule(408, None, Verdict.LATER),
    Rule(None, None, Verdict.REFUSED),
)

# A call made with our own token, on a consent resource: the PSU can repair nothing here.
TO_US = (
    Rule(429, None, Verdict.LATER),
    Rule(408, None, Verdict.LATER),
    Rule(None, None, Verdict.REFUSED),
)

# DELETE of a consent that the bank no longer knows: "unknown resource id is 400", and 404 or 410 at many banks.
_GONE = (
    Rule(404, None, Verdict.DONE),
    Rule(410, None, Verdict.DONE),
    Rule(400, "UK.OBIE.Resource.NotFound", Verdict.DONE),
    Rule(400, "U011", Verdict.DONE),
)

_VERDICTS = {
    "reconsent": Verdict.RECONSENT,
    "refused": Verdict.REFUSED,
    "later": Verdict.LATER,
    "next_day": Verdict.NEXT_DAY,
    "broken": Verdict.BROKEN,
    "gone": Verdict.DONE,
}
_ERRORS = Lenient(wire.ErrorBody)
_ERROR = Lenient(wire.Error)


def own_rules(listed: Iterable[Classification], step: Step) -> tuple[Rule, ...]:
    """A bank's own rules for calls of ``step``."""
    return tuple(
        Rule(one.status, one.code, _VERDICTS[one.means], one.message) for one in listed if one.step in (None, step)
    )


def is_gone(answer: Answer, rules: Iterable[Rule]) -> bool:
    """Whether a DELETE was refused because there is nothing left to end."""
    codes, prose = _told(answer)
    return any(rule.verdict is Verdict.DONE and rule.fits(answer.status, codes, prose) for rule in (*rules, *_GONE))


def refusal(answer: Answer, rules: Iterable[Rule]) -> ProviderError:
    if answer.status < 400:
        return ContractBroken(f"HTTP {answer.status} where it is not foreseen", raw=answer.body)
    codes, prose = _told(answer)
    return error_for(answer, codes, (rule for rule in rules if rule.verdict is not Verdict.DONE), prose)


def _told(answer: Answer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """OBErrorResponse1: codes and prose, those of Errors[] first, for they are the precise ones."""
    try:
        body = _ERRORS.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return (), (answer.body[:1000].decode("utf-8", "replace"),)
    errors = tuple(each(body.errors, _ERROR))
    codes = (*(error.error_code for error in errors), body.code)
    prose = (*(error.message for error in errors), body.message)
    return tuple(one for one in codes if one), tuple(one for one in prose if one)
