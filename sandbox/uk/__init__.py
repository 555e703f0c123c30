"""Albion Bank and Cambria Bank (GB): UK Open Banking 3.1.11 and 4.0, over FAPI 1 Advanced style redirects."""
