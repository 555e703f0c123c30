"""What a person can show besides a password: passkeys, codes of an authenticator app, recovery codes."""
