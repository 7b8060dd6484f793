"""What the browser starts: no flags, no parser, one port, one process."""

from __future__ import annotations

import gc
import sys

COLLECT_AFTER = 100_000


def main() -> None:
    """Serve one port on the standard streams and end the process with the protocol's exit status."""
    from native_host.transport.frames import take_over_stdio

    # First thing, so that nothing imported later can print into the stream.
    frames_in, frames_out = take_over_stdio()
    # Importing makes tens of thousands of objects that live as long as the process: looking for garbage among them, again
    # and again, takes a tenth of the start.
    gc.set_threshold(COLLECT_AFTER)
    _import_msgspec()
    from native_host.host import serve

    serve(sys.argv[1:], frames_in, frames_out)


def _import_msgspec() -> None:
    """msgspec takes its typing names from typing_extensions where that is installed, which costs 9 ms at each start; on the
    versions of Python that we run on, the standard library has every one of them."""
    modules: dict[str, object] = sys.modules  # type: ignore[assignment]  # None there means: not to be imported
    hidden = "typing_extensions" not in modules
    if hidden:
        modules["typing_extensions"] = None
    import msgspec  # noqa: F401

    if hidden:
        del modules["typing_extensions"]


if __name__ == "__main__":
    main()
