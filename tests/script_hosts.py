"""Small native hosts that tests write for one purpose each: the real thing, and mostly badly behaved."""

from __future__ import annotations

import sys
from pathlib import Path

PRELUDE = """
import json, os, signal, struct, sys, time
def read():
    header = sys.stdin.buffer.read(4)
    if len(header) < 4:
        return None
    return json.loads(sys.stdin.buffer.read(struct.unpack("=I", header)[0]))
def raw(body):
    os.write(1, struct.pack("=I", len(body)))
    while body:
        body = body[os.write(1, body):]
def write(value):
    raw(json.dumps(value).encode())
def leave(name, text=""):
    path = os.path.join(os.path.dirname(sys.argv[0]), name)
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)
"""

ECHO = """
while (call := read()) is not None:
    write({"jsonrpc": "2.0", "id": call.get("id"), "result": call})
"""

FACTS = """
def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
names = [int(name) for name in os.listdir("/dev/fd")]
call = read()
facts = {"argv": sys.argv, "cwd": os.getcwd(), "descriptors": sum(map(is_open, names)), "home": os.environ["HOME"]}
write({"jsonrpc": "2.0", "id": call.get("id"), "result": facts})
read()
"""

STUBBORN = """
signal.signal(signal.SIGTERM, lambda number, frame: leave("terminated"))
read()
leave("pid", str(os.getpid()))
write("ready")
while True:
    signal.pause()
"""

LATE = """
read()
write("ready")
read()
try:
    raw(b"1" * 900000)
    leave("said", "written")
except BrokenPipeError:
    leave("said", "broken pipe")
"""


def write_host(folder: Path, body: str) -> Path:
    """Write a program into ``folder`` that answers frames as ``body`` says, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "host"
    path.write_text(f"#!{sys.executable} -I\n{PRELUDE}{body}", encoding="utf-8")
    path.chmod(0o755)
    return path
