"""Categories by the codes that travel with a payment: ISO 20022 purpose and bank transaction code, ISO 18245 merchant
category code. A table says one category for money in and one for money out; None leaves it to later rules."""

from collections.abc import Mapping
from types import MappingProxyType

Sides = tuple[str | None, str | None]  # money in, money out


def _both(category: str) -> Sides:
    return category, category


# ExternalPurpose1Code and ExternalCategoryPurpose1Code. What says nothing of a purpose (CASH, CCRD, OTHR, EPAY ...) is
# left out on purpose.
PURPOSES: Mapping[str, Sides] = MappingProxyType(
    {
        "SALA": ("income.salary", None),
        "BONU": ("income.salary", None),
        "PAYR": ("income.salary", None),
        "COMM": ("income.salary", None),
        "PENS": ("income.pension", "insurance.life"),
        "PENO": ("income.pension", "insurance.life"),
        "SSBE": ("income.benefits", None),
        "BENE": ("income.benefits", None),
        "BECH": ("income.benefits", None),
        "ALLW": ("income.benefits", None),
        "GOVT": ("income.benefits", "taxes.public_fees"),
        "GVEA": ("income.benefits", None),
        "ALMY": ("income.other", "family.maintenance"),
        "RENT": ("income.rent", "housing.rent"),
        "INTE": ("income.interest", "finance.interest"),
        "DIVD": ("income.dividends", None),
        "DIVI": ("income.dividends", None),
        "TAXS": ("income.tax_refund", "taxes.income"),
        "TAXR": ("income.tax_refund", None),
        "RDTX": (None, "taxes.vehicle"),
        "VATX": ("income.tax_refund", "taxes.income"),
        "ESTX": ("income.tax_refund", "taxes.income"),
        "HSTX": ("income.tax_refund", "taxes.income"),
        "INTX": ("income.tax_refund", "taxes.income"),
        "NITX": ("income.tax_refund", "taxes.income"),
        "WHLD": ("income.tax_refund", "taxes.income"),
        "HLRP": (None, "housing.mortgage"),
        "HLST": (None, "housing.mortgage"),
        "LOAR": (None, "finance.loan"),
        "LOAN": (None, "finance.loan"),
        "SLOA": (None, "finance.loan"),
        "CLPR": (None, "finance.loan"),
        "HLTI": _both("insurance.health"),
        "LIFI": _both("insurance.life"),
        "INPC": _both("insurance.vehicle"),
        "INSU": _both("insurance.other"),
        "INSC": _both("insurance.other"),
        "PPTI": _both("insurance.other"),
        "GOVI": _both("insurance.other"),
        "LBRI": _both("insurance.other"),
        "ELEC": _both("utilities.energy"),
        "GASB": _both("utilities.energy"),
        "ENRG": _both("utilities.energy"),
        "UBIL": _both("utilities.energy"),
        "WTER": _both("utilities.water"),
        "PHON": _both("utilities.phone_internet"),
        "NWCM": _both("utilities.phone_internet"),
        "MTUP": _both("utilities.phone_internet"),
        "CBTV": _both("leisure.streaming"),
        "SUBS": _both("leisure.digital"),
        "MDCS": _both("health.doctors"),
        "HSPC": _both("health.doctors"),
        "LTCF": _both("health.doctors"),
        "HLTC": _both("health.doctors"),
        "DNTS": _both("health.opticians_dentists"),
        "VIEW": _both("health.opticians_dentists"),
        "EDUC": _both("family.education"),
        "STDY": _both("family.education"),
        "CHAR": _both("giving.charity"),
        "RELG": _both("giving.religion"),
        "GIFT": _both("transfers.people"),
        "MP2P": _both("transfers.people"),
        "GAMB": _both("leisure.gambling"),
        "LOTT": _both("leisure.gambling"),
        "CPKC": _both("transport.parking_tolls"),
        "TRPT": _both("transport.public"),
        "BUSB": _both("transport.public"),
        "RLWY": _both("transport.public"),
        "FERB": _both("transport.public"),
        "AIRB": _both("travel.flights"),
        "SAVG": _both("savings.savings"),
        "PRCP": (None, "finance.loan"),
        "SECU": _both("savings.investments"),
        "CBFF": _both("savings.investments"),
        "IVPT": ("other.money_in", None),
        "BKFE": _both("finance.bank_fees"),
        "FEES": _both("finance.bank_fees"),
        "CFEE": _both("finance.bank_fees"),
        "INTC": _both("transfers.own_accounts"),
        "CDCD": _both("cash.withdrawal"),
        "CDCB": _both("cash.withdrawal"),
        "CSDB": _both("cash.withdrawal"),
    }
)

# Sub-families that say what a movement is, whatever stands beside them (ISO 20022 bank transaction codes).
_SUBFAMILIES: Mapping[str, Sides] = MappingProxyType(
    {
        "CWDL": _both("cash.withdrawal"),
        "CDPT": _both("cash.deposit"),
        "FCDP": _both("cash.deposit"),
        "FCWD": _both("cash.withdrawal"),
        "CHRG": _both("finance.bank_fees"),
        "FEES": _both("finance.bank_fees"),
        "COMM": _both("finance.bank_fees"),
        "INTR": ("income.interest", "finance.interest"),
        "SALA": ("income.salary", None),
        "DVCA": ("income.dividends", None),
        "TAXE": ("income.tax_refund", "taxes.income"),
    }
)
_DOMAINS: Mapping[str, Sides] = MappingProxyType({"SECU": _both("savings.investments"), "LDAS": (None, "finance.loan")})
_MORTGAGES = frozenset({"MGLN"})


def by_bank_transaction_code(code: str) -> Sides:
    domain, _, rest = code.partition("-")
    family, _, subfamily = rest.partition("-")
    if domain == "LDAS" and family in _MORTGAGES:
        return None, "housing.mortgage"
    return _SUBFAMILIES.get(subfamily) or _DOMAINS.get(domain, (None, None))


# ISO 18245, as ranges (first, last, category), in order. What sells everything or nothing certain (money transfer,
# direct marketing, 5999 ...) is left out: the name beside it knows better.
_MERCHANTS: tuple[tuple[int, int, str], ...] = (
    (742, 742, "shopping.pets"),
    (763, 780, "housing.garden"),
    (1520, 1799, "housing.maintenance"),
    (3000, 3302, "travel.flights"),
    (3351, 3441, "travel.car_rental"),
    (3501, 3999, "travel.lodging"),
    (4011, 4112, "transport.public"),
    (4121, 4121, "transport.taxi"),
    (4131, 4131, "transport.public"),
    (4411, 4411, "travel.agencies"),
    (4511, 4511, "travel.flights"),
    (4582, 4582, "travel.flights"),
    (4722, 4723, "travel.agencies"),
    (4784, 4784, "transport.parking_tolls"),
    (4812, 4812, "shopping.electronics"),
    (4813, 4821, "utilities.phone_internet"),
    (4899, 4899, "leisure.streaming"),
    (4900, 4900, "utilities.energy"),
    (5200, 5261, "housing.garden"),
    (5300, 5399, "shopping.general"),
    (5411, 5499, "food.groceries"),
    (5511, 5533, "transport.car"),
    (5541, 5542, "transport.fuel"),
    (5552, 5552, "transport.fuel"),
    (5561, 5599, "transport.car"),
    (5611, 5699, "shopping.clothing"),
    (5712, 5719, "housing.furnishing"),
    (5722, 5722, "shopping.electronics"),
    (5732, 5734, "shopping.electronics"),
    (5735, 5735, "leisure.culture"),
    (5811, 5812, "food.restaurants"),
    (5813, 5813, "food.bars"),
    (5814, 5814, "food.takeaway"),
    (5815, 5818, "leisure.digital"),
    (5912, 5912, "health.pharmacy"),
    (5921, 5921, "food.alcohol_tobacco"),
    (5940, 5940, "transport.bicycle"),
    (5941, 5941, "leisure.sport"),
    (5942, 5943, "shopping.books"),
    (5944, 5944, "shopping.jewellery_gifts"),
    (5945, 5946, "leisure.hobbies"),
    (5947, 5947, "shopping.jewellery_gifts"),
    (5970, 5973, "leisure.hobbies"),
    (5975, 5976, "health.doctors"),
    (5977, 5977, "health.personal_care"),
    (5983, 5983, "utilities.energy"),
    (5992, 5992, "shopping.jewellery_gifts"),
    (5993, 5993, "food.alcohol_tobacco"),
    (5994, 5994, "shopping.books"),
    (5995, 5995, "shopping.pets"),
    (6010, 6011, "cash.withdrawal"),
    (6211, 6211, "savings.investments"),
    (6300, 6399, "insurance.other"),
    (6513, 6513, "housing.rent"),
    (7011, 7033, "travel.lodging"),
    (7210, 7221, "housing.service_charges"),
    (7230, 7230, "health.personal_care"),
    (7276, 7276, "finance.professional"),
    (7297, 7298, "health.personal_care"),
    (7372, 7372, "leisure.digital"),
    (7512, 7519, "travel.car_rental"),
    (7523, 7523, "transport.parking_tolls"),
    (7531, 7549, "transport.car"),
    (7623, 7699, "housing.maintenance"),
    (7829, 7841, "leisure.culture"),
    (7911, 7911, "leisure.culture"),
    (7922, 7929, "leisure.culture"),
    (7932, 7933, "leisure.hobbies"),
    (7941, 7941, "leisure.sport"),
    (7991, 7991, "leisure.culture"),
    (7992, 7992, "leisure.sport"),
    (7993, 7994, "leisure.digital"),
    (7995, 7995, "leisure.gambling"),
    (7996, 7996, "leisure.culture"),
    (7997, 7997, "leisure.sport"),
    (7998, 7999, "leisure.culture"),
    (8011, 8011, "health.doctors"),
    (8021, 8021, "health.opticians_dentists"),
    (8031, 8031, "health.doctors"),
    (8041, 8041, "health.doctors"),
    (8042, 8043, "health.opticians_dentists"),
    (8049, 8099, "health.doctors"),
    (8111, 8111, "finance.professional"),
    (8211, 8299, "family.education"),
    (8351, 8351, "family.childcare"),
    (8398, 8398, "giving.charity"),
    (8641, 8641, "leisure.hobbies"),
    (8661, 8661, "giving.religion"),
    (8675, 8675, "transport.car"),
    (8931, 8931, "finance.professional"),
    (9211, 9222, "taxes.public_fees"),
    (9311, 9311, "taxes.income"),
    (9399, 9402, "taxes.public_fees"),
)
_BY_MERCHANT: Mapping[str, str] = MappingProxyType(
    {f"{code:04}": category for first, last, category in _MERCHANTS for code in range(first, last + 1)}
)


def by_merchant_category_code(code: str) -> str | None:
    return _BY_MERCHANT.get(code)
