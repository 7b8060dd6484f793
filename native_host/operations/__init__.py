"""Permit to result, every method once: the only place where the request arm and the key arm meet."""
