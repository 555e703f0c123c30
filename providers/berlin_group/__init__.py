"""Berlin Group NextGenPSD2 XS2A 1.x and openFinance 2.x, account information: www.berlin-group.org."""
