"""Banco Iara (BR): Open Finance Brasil, consents 3, accounts 2 and credit cards 2, read only."""
