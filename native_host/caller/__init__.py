"""Who asks: what the browser's arguments say, and what the system knows of the process that started the host."""
