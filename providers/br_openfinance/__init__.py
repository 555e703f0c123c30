"""Open Finance Brasil: consents 3, accounts 2. Read only."""
