"""Load a row, ask consent/ to decide or move, save the row with its receipt and event: nothing is decided here."""
