"""Banco Iara (BR): Open Finance Brasil, consents 3 and accounts 2, read only."""
