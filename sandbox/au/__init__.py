"""Bunyip Bank (AU): Consumer Data Right 1.36, banking, read only."""
