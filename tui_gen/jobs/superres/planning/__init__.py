"""Plans the remaining work from settings and the ledger. Pure."""
