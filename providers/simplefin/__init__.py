"""SimpleFIN 1.0: a person brings a token from their own bridge; no registration, no redirect. www.simplefin.org"""
