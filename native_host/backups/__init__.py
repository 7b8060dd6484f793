"""Formats in which a keystore, or a secret of it, leaves this machine: pure, without the store and without a person.

``archive`` is what a backup holds, ``age_file`` how it is encrypted, ``shares`` how a secret is split (SLIP-39), ``universal_wallet``
how keys are exchanged with other wallets. ``new_file`` puts the result down.
"""
