"""What a person reads before saying yes: pure functions from params to lines."""
