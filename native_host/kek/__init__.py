"""Providers of key-encryption keys: each wraps the store's root key, so that any one slot opens the store."""
