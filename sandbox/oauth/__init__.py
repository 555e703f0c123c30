"""What banks with an OAuth server of the same kind share: grants, codes, tokens, the person's pages."""
