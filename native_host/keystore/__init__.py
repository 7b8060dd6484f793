"""The keystore: one SQLite file of records that are sealed one by one, shared safely by several hosts."""
