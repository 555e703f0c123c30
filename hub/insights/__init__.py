"""What a person's transactions mean to them: a category for each, and which of them come again. Pure; no network.

taxonomy.py     the categories, and where each stands in COICOP 2018
movement.py     what these rules look at of a transaction
codes.py        categories by the codes of ISO 20022 and ISO 18245
names.py        categories by merchants' names and by words
categorise.py   the rules in their order: a category with its reason
rhythm.py       days that follow one another evenly
recurring.py    series of payments: amount, rhythm, next date, price changes
"""
