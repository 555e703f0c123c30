"""The texts of a NextGenPSD2 row and its codes, in whichever of their shapes a bank writes them. Pure."""

from collections.abc import Iterable, Sequence

from providers.berlin_group import wire


def unstructured(
    row: wire.TransactionRow, entry: wire.EntryRow | wire.TransactionRow
) -> tuple[Sequence[str | None], str]:
    for one in (row,) if entry is row else (row, entry):
        place = "remittanceInformationUnstructuredArray"
        given: Sequence[str | int | None] | str | None = one.remittance_information_unstructured_array
        if not given and isinstance(one.remittance_information_unstructured, list):
            place, given = "remittanceInformationUnstructured", one.remittance_information_unstructured
        if not given and one.remittance_information:
            place, given = "remittanceInformation", _remittance(one.remittance_information)
        if given:
            return ((given,) if isinstance(given, str) else [text_of(line) for line in given]), place
    if row.description_lines and not single(row):
        lines = row.description_lines
        return (lines if isinstance(lines, list) else (lines,)), "descriptionLines"
    return (), ""


def _remittance(given: list[wire.Remittance | str | None] | wire.Remittance | str) -> list[str | int | None]:
    """The unstructured lines of what ISO 20022 has as one object."""
    found: list[str | int | None] = []
    for one in given if isinstance(given, list) else (given,):
        if isinstance(one, wire.Remittance):
            lines = one.unstructured
            found.extend(lines if isinstance(lines, list) else (lines,))
        else:
            found.append(one)
    return found


def single(row: wire.EntryRow | wire.TransactionRow) -> str | None:
    given = row.remittance_information_unstructured
    return given if isinstance(given, str) else None


def structured(
    row: wire.TransactionRow, entry: wire.EntryRow | wire.TransactionRow
) -> tuple[Sequence[str | None], str]:
    for one in (row,) if entry is row else (row, entry):
        if isinstance(one.remittance_information, wire.Remittance) and one.remittance_information.structured:
            return (*_references(one.remittance_information.structured),), "remittanceInformation.structured"
        if one.remittance_information_structured is None and one.remittance_information_structured_array is None:
            continue
        lines = (*_references(one.remittance_information_structured),)
        more = (*_references(one.remittance_information_structured_array),)
        if lines or more:
            place = "remittanceInformationStructured" if lines else "remittanceInformationStructuredArray"
            return (*lines, *more), place
    return (), ""


def _references(given: list[wire.Reference | str | None] | wire.Reference | str | None) -> Iterable[str | None]:
    if given is None:
        return ()
    found: list[str | None] = []
    for one in given if isinstance(given, list) else (given,):
        if isinstance(one, wire.Reference):
            nested, more = one.creditor_reference_information, one.additional_remittance_information
            found.append(one.reference or (nested.reference if isinstance(nested, wire.CreditorReference) else nested))
            found.extend(more if isinstance(more, list) else (more,))
        else:
            found.append(one)
    return found


def additional(row: wire.TransactionRow) -> tuple[str | None, str]:
    if row.additional_information:
        return row.additional_information, "additionalInformation"
    if row.details:
        return row.details, "details"
    if row.transaction_details:
        return row.transaction_details, "transactionDetails"
    if row.description:
        return row.description, "description"
    return row.narrative, "narrative"


def code(given: wire.Code | str | None) -> str | None:
    """Domain, family and subfamily with a minus between them, however they are put into each other."""
    if not isinstance(given, wire.Code):
        return given
    at = given.domain if isinstance(given.domain, wire.Domain) else wire.Domain(given.domain or given.domain_code)
    family, nested = _family(given.family or at.family)
    family = family or given.family_code or at.family_code or given.code
    sub_family = given.sub_family or given.sub_code or given.sub_family_code or at.sub_family_code or nested
    return "-".join(part or "" for part in (at.code, family, sub_family))


def _family(given: wire.Family | str | None) -> tuple[str | None, str | None]:
    """Family and, where it stands within, subfamily."""
    return (given.code, given.sub_family_code) if isinstance(given, wire.Family) else (given, None)


def text_of(value: str | int | None) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def own_code(row: wire.TransactionRow) -> tuple[str | None, str]:
    """The bank's own code, wherever it stands."""
    given, place = row.proprietary_bank_transaction_code, "proprietaryBankTransactionCode"
    if given is None and isinstance(row.bank_transaction_code, wire.Code):
        given, place = row.bank_transaction_code.proprietary, "bankTransactionCode.proprietary"
    if isinstance(given, wire.Proprietary):
        given = given.code
    return (text_of(given), place) if given else (text_of(row.transaction_type), "transactionType")
