"""Statements as files: what a person downloads from a bank, or a bank delivers as a report. Bytes in, values out.

read.py       what is it, and what does it say: the door
extract.py    the values: what a file says of each account
archive.py    a zip of statements, bounded
decode.py     bytes to text
numbers.py    amounts as people and banks write them
days.py       dates of which the order of day and month must be known
accounts.py   how files name the account that they are about
rows.py       one row after the other, the broken ones set aside
xml.py        XML from strangers
camt.py       ISO 20022 camt.052, 053, 054
camt_entry.py one entry of those
mt940.py      SWIFT MT940 and MT942
mt_entry.py   one entry of those
mt_text.py    what banks write into field 86 without subfields
ofx.py        OFX 1 (SGML) and 2 (XML)
ofx_tree.py   their elements, closed or not
qif.py        Quicken interchange
table.py      CSV by a declared profile
profile.py    what that profile says
guess.py      a profile proposed by looking at the file
names.py      what banks call their columns

Nothing here opens anything but what it was handed. Errors are ContractBroken, with a reason that may be shown to the
person: it holds nothing of the file. A broken row is a RejectedRow and costs no other.
"""
