"""Lorelei Bank (DE): Berlin Group NextGenPSD2 1.3.x, account information, redirect SCA."""
