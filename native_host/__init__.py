"""Strongroom: the isolated key management service of browser wallets."""

__version__ = "0.1.0"
