"""Hierarchical deterministic keys: from recovery words to a seed, from a seed and a path to a secret and its address."""
