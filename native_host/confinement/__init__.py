"""What a host takes away from itself before a secret is in it, so that whoever takes it over finds little in reach.

A program that the host needs beside itself, other parts start with ``spawn``::

    from native_host.confinement import spawn

    child = spawn("token")     # a name of PROGRAMS; raises OSError if it cannot be started
    child.stdin.write(...)     # pipes, as of subprocess.Popen; standard error is the host's
    child.stdout.read(...)
    child.poll()               # the exit status, or None while it runs
    child.kill()
    child.wait()

In a host on Linux the *starter* starts it (``starter.py``): a small process from before the confinement, which was told at its
birth the few command lines that it may ever start, and their environment. Everywhere else it is ``subprocess.Popen``. A
program ends with its host. Its pipes end with the host too, so it sees the end of its input first if the host ends in order.
"""

from __future__ import annotations

from native_host.confinement.programs import PROGRAMS, Child, clean_environment, prepare, spawn, start

__all__ = ["PROGRAMS", "Child", "clean_environment", "prepare", "spawn", "start"]
