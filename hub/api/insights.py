"""Categories and series as the API shows them."""

from typing import Any

from hub.insights.categorise import Categorised
from hub.insights.recurring import Series
from hub.insights.stored import shown
from hub.insights.taxonomy import CATEGORIES, GROUPS


def series(one: Series, category: Categorised) -> dict[str, Any]:
    return {
        "id": one.id,
        "account_id": one.account_id,
        "payee": one.payee,
        "category": shown(category),
        "currency": one.currency,
        "rhythm": one.rhythm.value,
        "state": one.state.value,
        "last_amount": str(one.last_amount),
        "usual_amount": str(one.usual_amount),
        "is_fixed": one.is_fixed,
        "first_date": one.first_date,
        "last_date": one.last_date,
        "next_date": one.next_date,
        "slack_days": one.slack_days,
        "price_changes": [
            {"date": change.day, "before": str(change.before), "after": str(change.after)}
            for change in one.price_changes
        ],
        "transaction_ids": one.transactions,
    }


def categories() -> list[dict[str, Any]]:
    return [
        {
            "code": one.code,
            "name": one.name,
            "group": one.group,
            "group_name": GROUPS[one.group],
            "coicop": one.coicop or None,
        }
        for one in CATEGORIES.values()
    ]
