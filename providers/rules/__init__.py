"""How banks deviate, as data, and the one engine that reads every standard's rows by it.

profile.py      Rules: what an institution's file may say of its bank; known/ has those of banks whose ways are known
template.py     a line of text with blanks: how data names a place in a text, safely
told.py         Told: one row in neutral words, as a standard's normalize.py read it
engine.py       Told and Rules -> Transaction, with the place and the rule of every field; its steps:
  amounts.py      which way the money went, what was billed
  remittance.py   what the payer wrote, freed of what the bank wrote around it; labelled.py has the words of some banks
  days.py         days of fields, days in texts
  other_side.py   who stands on the other side; parties.py reads the names
  details.py      the card and its merchant (merchant.py), the party behind the party
narratives.py   the texts of banks' own making that are the same at every bank of a country: data
"""
