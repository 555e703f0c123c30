"""Albion Bank (GB): UK Open Banking Read/Write 3.1.11, account information, over a FAPI 1 Advanced style redirect."""
