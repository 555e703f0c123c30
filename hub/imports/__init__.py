"""Statements that a person brings as files: kept until confirmed, shown as they were understood, then into the ledger.

    staging.py   the file, sealed, and what the person says of it
    preview.py   what was recognised, and where each account's rows would go
    run.py       the rows into the ledger, in pieces, with progress; may stop anywhere and go on
    kept.py      how each file was read, so that its rows can be read again when the rules are better

All of a person's files are one connection, to the institution FILE: nothing is fetched over it, and there is no bank
consent behind it.
"""

FILE = "file"
"""The institution id of files. No bank of the catalogue has it: providers.registry keeps it free."""
