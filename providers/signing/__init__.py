"""Signing what we send to banks, for every standard: HTTP signatures, detached JWS. Not a standard of its own."""
