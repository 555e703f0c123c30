"""The API under /v1: what a client with a person's consent may read."""
