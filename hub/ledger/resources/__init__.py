"""What hangs on accounts beside balances and transactions: stored as the bank shows it, read by whoever may."""
