"""How banks deviate, as data, and the one engine that reads every standard's rows by it.

template.py     a line of text with blanks to fill: how data names a place in a text, safely
profile.py      Rules: what an institution's file may say of its bank
told.py         Told: one row in neutral words, as a standard's normalize.py read it
engine.py       Told and Rules -> Transaction, with the place and the rule of every field
amounts.py      the sign, the amount that was billed
days.py         dates of fields, dates in texts
remittance.py   what the payer wrote, freed of what the bank wrote around it
parties.py      who stands on the other side
merchant.py     a merchant's name as a person would write it
narratives.py   the texts of banks' own making that are the same at every bank of a country
"""
