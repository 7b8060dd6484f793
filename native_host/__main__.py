"""What the browser starts: no flags, no parser, one port, one process."""

from __future__ import annotations

import gc
import os
import sys

COLLECT_AFTER = 100_000
OPENSSL = ("OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES")
"""By these OpenSSL loads what whoever set the browser's environment likes."""


def main() -> None:
    """Serve one port on the standard streams and end the process with the protocol's exit status."""
    from native_host.transport.frames import take_over_stdio

    # First thing, so that nothing imported later can print into the stream.
    frames_in, frames_out = take_over_stdio()
    for name in OPENSSL:
        os.environ.pop(name, None)
    # Importing makes tens of thousands of objects that live as long as the process: looking for garbage among them, again
    # and again, takes a tenth of the start.
    gc.set_threshold(COLLECT_AFTER)
    import native_host.value  # noqa: F401 - first, see there
    from native_host.host import serve

    serve(sys.argv[1:], frames_in, frames_out)


if __name__ == "__main__":
    main()
