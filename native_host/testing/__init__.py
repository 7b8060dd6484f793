"""For developers of wallets: a browser that starts the host as real ones do, and a person who answers from a script.

``BrowserEmulator`` and ``ScriptedApprover`` are the two; ``plugin`` makes them pytest fixtures. Described in
``docs/testing-your-wallet.md``. For Linux and macOS.
"""
