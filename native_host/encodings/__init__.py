"""Pure codecs for both arms: bytes to text and back, nothing else."""
