"""The client's half of OAuth 2.0, for every standard that uses it. Not a standard of its own: it has no adapter."""
