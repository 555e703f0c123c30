"""The categories. Ours, documented in docs/categories.md; what is consumption names its COICOP 2018 group.

COICOP is the United Nations' Classification of Individual Consumption According to Purpose (2018), which statistics
offices use for household budgets; income, transfers and savings have no place in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Category:
    """``code`` is ``group.leaf``; ``name`` is what people read; ``coicop`` a division, group or class, "" for none."""

    code: str
    name: str
    coicop: str = ""

    @property
    def group(self) -> str:
        return self.code.partition(".")[0]


GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "income": "Income",
        "transfers": "Transfers",
        "housing": "Housing",
        "utilities": "Energy, water, phone",
        "food": "Food and drink",
        "transport": "Getting around",
        "shopping": "Shopping",
        "health": "Health and care",
        "leisure": "Leisure",
        "travel": "Travel",
        "family": "Family and education",
        "insurance": "Insurance",
        "finance": "Bank and loans",
        "savings": "Saving and investing",
        "taxes": "Taxes and public fees",
        "giving": "Giving",
        "cash": "Cash",
        "other": "Not known",
    }
)

_ALL = (
    Category("income.salary", "Salary"),
    Category("income.pension", "Pension"),
    Category("income.benefits", "Benefits and allowances"),
    Category("income.interest", "Interest received"),
    Category("income.dividends", "Dividends"),
    Category("income.rent", "Rent received"),
    Category("income.tax_refund", "Tax refund"),
    Category("income.other", "Other income"),
    Category("transfers.own_accounts", "Between own accounts"),
    Category("transfers.people", "To and from people"),
    Category("transfers.card_settlement", "Card bill paid"),
    Category("housing.rent", "Rent", "04.1"),
    Category("housing.mortgage", "Mortgage"),
    Category("housing.service_charges", "Service charges", "04.4"),
    Category("housing.maintenance", "Repairs and tradespeople", "04.3"),
    Category("housing.furnishing", "Furniture and household", "05"),
    Category("housing.garden", "Garden and hardware", "05.5"),
    Category("utilities.energy", "Electricity, gas, heating", "04.5"),
    Category("utilities.water", "Water and waste", "04.4"),
    Category("utilities.phone_internet", "Phone and internet", "08.3"),
    Category("utilities.broadcast_fee", "Television licence", "08.3"),
    Category("food.groceries", "Groceries", "01"),
    Category("food.restaurants", "Restaurants and cafés", "11.1"),
    Category("food.takeaway", "Takeaway and delivery", "11.1"),
    Category("food.bars", "Bars and pubs", "11.1"),
    Category("food.alcohol_tobacco", "Alcohol and tobacco", "02"),
    Category("transport.public", "Trains and buses", "07.3"),
    Category("transport.taxi", "Taxis and ride sharing", "07.3"),
    Category("transport.fuel", "Fuel and charging", "07.2"),
    Category("transport.car", "Car and repairs", "07.2"),
    Category("transport.parking_tolls", "Parking and tolls", "07.2"),
    Category("transport.bicycle", "Bicycles and scooters", "07.1"),
    Category("shopping.general", "General and online shops", "05"),
    Category("shopping.clothing", "Clothes and shoes", "03"),
    Category("shopping.electronics", "Electronics", "08.1"),
    Category("shopping.books", "Books, news, stationery", "09.7"),
    Category("shopping.jewellery_gifts", "Jewellery, flowers, gifts", "13.2"),
    Category("shopping.pets", "Pets", "09.4"),
    Category("health.doctors", "Doctors and hospitals", "06.2"),
    Category("health.pharmacy", "Pharmacy", "06.1"),
    Category("health.opticians_dentists", "Opticians and dentists", "06.2"),
    Category("health.personal_care", "Hair, beauty, cosmetics", "13.1"),
    Category("leisure.streaming", "Streaming and television", "08.3"),
    Category("leisure.digital", "Games, apps, software", "09.2"),
    Category("leisure.sport", "Sport and fitness", "09.4"),
    Category("leisure.culture", "Cinema, theatre, events", "09.6"),
    Category("leisure.gambling", "Gambling and lotteries", "09.4"),
    Category("leisure.hobbies", "Toys, hobbies, clubs", "09.2"),
    Category("travel.flights", "Flights", "07.3"),
    Category("travel.lodging", "Hotels and lodging", "11.2"),
    Category("travel.car_rental", "Rental cars", "07.3"),
    Category("travel.agencies", "Travel agencies and tours", "09.8"),
    Category("family.childcare", "Childcare", "13.3"),
    Category("family.education", "School and courses", "10"),
    Category("family.maintenance", "Alimony and child support"),
    Category("insurance.health", "Health insurance", "12.1"),
    Category("insurance.vehicle", "Vehicle insurance", "12.1"),
    Category("insurance.life", "Life and pension insurance", "12.1"),
    Category("insurance.other", "Other insurance", "12.1"),
    Category("finance.bank_fees", "Bank fees", "12.2"),
    Category("finance.interest", "Interest paid"),
    Category("finance.loan", "Loan repayments"),
    Category("finance.professional", "Lawyers, advisers, accountants", "13.9"),
    Category("savings.savings", "Savings"),
    Category("savings.investments", "Securities and funds"),
    Category("savings.crypto", "Crypto-assets"),
    Category("taxes.income", "Income and other taxes"),
    Category("taxes.vehicle", "Vehicle tax"),
    Category("taxes.public_fees", "Public fees and fines", "13.9"),
    Category("giving.charity", "Donations"),
    Category("giving.religion", "Church and congregations"),
    Category("cash.withdrawal", "Cash withdrawn"),
    Category("cash.deposit", "Cash paid in"),
    Category("other.spending", "Spending, not known what on"),
    Category("other.money_in", "Money in, not known why"),
)

CATEGORIES: Mapping[str, Category] = MappingProxyType({one.code: one for one in _ALL})
