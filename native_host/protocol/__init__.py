"""The vocabulary of the wire: what can be asked, what is answered, and what an approver is told."""
