"""The ledger: accounts, balances and transactions of a person, kept as the banks show them, read through a consent."""
