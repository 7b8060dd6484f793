"""PKCS#11 tokens (OASIS PKCS #11 v3.1): which modules may be loaded, and the process of its own that loads one."""
