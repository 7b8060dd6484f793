"""Pure algorithms, one file each; ``table.py`` is the list of them.

A module of a signature algorithm has the functions of ``kinds.Signatures`` and nothing that remembers.
Wrong input is ``ValueError`` with a text that holds none of it; ``fault.SigningFault`` is a computation gone wrong.
"""
