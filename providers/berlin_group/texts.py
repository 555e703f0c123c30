"""The texts of a NextGenPSD2 row and its codes, in whichever of their shapes a bank writes them. Pure.

A text is a text, a number, or an object that holds one; several are a list of them, or a list of such lists.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from providers.berlin_group import transaction_wire as rows
from providers.rows import core

# what an object of texts calls them, in the order in which they are read
_UNSTRUCTURED = ("unstructured", "remittanceinformationunstructured", "text", "value", "line", "content", "description")
_REFERENCES = ("reference", "creditorreferenceinformation", "additionalremittanceinformation", "structured")
_DEEPEST = 4

Row = rows.EntryRow | rows.TransactionRow


def unstructured(row: rows.TransactionRow, entry: Row) -> tuple[Sequence[str], str]:
    for one in (row,) if entry is row else (row, entry):
        given, place = one.remittance_information_unstructured_array, "remittanceInformationUnstructuredArray"
        if not given and single(one) is None:
            given, place = one.remittance_information_unstructured, "remittanceInformationUnstructured"
        if not given and one.remittance_information:
            given, place = one.remittance_information, "remittanceInformation"
        if given and (lines := [*_texts(given, _UNSTRUCTURED)]):
            return lines, place
    if row.description_lines and not single(row):
        return [*_texts(row.description_lines, _UNSTRUCTURED)], "descriptionLines"
    return (), ""


def single(row: Row) -> str | None:
    """The one text that may be cut, where it is one."""
    given = row.remittance_information_unstructured
    return given if isinstance(given, str) else None


def structured(row: rows.TransactionRow, entry: Row) -> tuple[Sequence[str], str]:
    for one in (row,) if entry is row else (row, entry):
        given = one.remittance_information_structured or one.remittance_information_structured_array
        if given is None and one.remittance_information is None:
            continue
        found: list[str] = []
        place = ""
        for name, told in (
            ("remittanceInformationStructured", one.remittance_information_structured),
            ("remittanceInformationStructuredArray", one.remittance_information_structured_array),
            ("remittanceInformation.structured", _structured(one.remittance_information)),
        ):
            lines = [*_texts(told, _REFERENCES)]
            place = place or (name if lines else "")
            found += lines
        if found:
            return found, place
    return (), ""


def _structured(given: Any) -> Any:
    """What ISO 20022 has beside the unstructured lines of one object."""
    members = given.items() if isinstance(given, dict) else ()
    return next((one for name, one in members if core(name) == "structured"), None)


def _texts(given: Any, names: Sequence[str], depth: int = 0) -> Iterator[str]:
    if isinstance(given, str):
        yield given
    elif isinstance(given, int | float) and not isinstance(given, bool):
        yield str(given)
    elif depth < _DEEPEST and isinstance(given, list):
        for one in given:
            yield from _texts(one, names, depth + 1)
    elif depth < _DEEPEST and isinstance(given, dict):
        members = {core(name): value for name, value in given.items()}
        for name in names:
            yield from _texts(members.get(name), names, depth + 1)


def additional(row: rows.TransactionRow) -> tuple[str | None, str]:
    if row.additional_information and (found := _joined(row.additional_information)):
        return found, "additionalInformation"
    if row.details:
        return row.details, "details"
    if row.transaction_details:
        return row.transaction_details, "transactionDetails"
    if row.description and (found := _joined(row.description)):
        return found, "description"
    return (_joined(row.narrative) or None, "narrative") if row.narrative else (None, "")


def elsewhere(row: rows.ElsewhereRow) -> tuple[str | None, str]:
    """The bank's words where they stand under a name of its own."""
    for place, given in (
        ("transactionDescription", row.transaction_description),
        ("descriptiveText", row.descriptive_text),
        ("message", row.message),
        ("narration", row.narration),
        ("communication", row.communication),
        ("memo", row.memo),
        ("note", row.note),
        ("text", row.text),
        ("title", row.title),
    ):
        if given and (found := _joined(given)):
            return found, place
    return None, ""


def _joined(given: Any) -> str:
    return given if isinstance(given, str) else " ".join(_texts(given, _UNSTRUCTURED))


def code(given: rows.Code | str | None) -> str | None:
    """Domain, family and subfamily with a minus between them, however they are put into each other."""
    if not isinstance(given, rows.Code):
        return given
    at = given.domain if isinstance(given.domain, rows.Domain) else rows.Domain(given.domain or given.domain_code)
    family, nested = _family(given.family or at.family)
    family = family or given.family_code or at.family_code or given.code
    sub_family = given.sub_family or given.sub_code or given.sub_family_code or at.sub_family_code or nested
    if family and not at.code and not sub_family:
        return family  # a code of the bank's own has one part
    return "-".join(part or "" for part in (at.code, family, sub_family))


def _family(given: rows.Family | str | None) -> tuple[str | None, str | None]:
    """Family and, where it stands within, subfamily."""
    return (given.code, given.sub_family_code) if isinstance(given, rows.Family) else (given, None)


def text_of(value: str | int | None) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def own_code(row: rows.TransactionRow) -> tuple[str | None, str]:
    """The bank's own code, wherever it stands."""
    given, place = row.proprietary_bank_transaction_code, "proprietaryBankTransactionCode"
    if given is None and isinstance(code := row.bank_transaction_code, rows.Code):
        given, place = code.proprietary or code.proprietary_code, "bankTransactionCode.proprietary"
    if isinstance(given, rows.Proprietary):
        given = given.code
    if given:
        return text_of(given), place
    if row.transaction_type is None and isinstance(code := row.bank_transaction_code, rows.Code):
        return code.description, "bankTransactionCode.description"
    return text_of(row.transaction_type), "transactionType"
