"""The whole story in a minute: `make demo`."""
