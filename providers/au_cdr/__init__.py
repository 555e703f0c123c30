"""Australian Consumer Data Right, Consumer Data Standards 1.36: banking, read only."""
