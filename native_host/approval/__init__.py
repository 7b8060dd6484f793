"""A person says yes or no: the only maker of permits, and the ways to ask."""
