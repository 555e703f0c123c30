"""Berlin Group NextGenPSD2 XS2A 1.3, account information, every SCA approach: www.berlin-group.org."""
