"""Bytes to calls and replies to bytes: protocol sections 1 and 2."""
