"""What happened, written in the same transaction as the change itself."""
