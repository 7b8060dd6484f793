"""The slot of a security key that lies on a reader of smart cards: pyscard, pcscd and a card that speaks CTAP."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.parts.missing import absent
from tests.parts.smart_card import in_a_reader
from tests.parts.virtual_authenticator import VirtualAuthenticator

SCRIPT = """
import time
from native_host.kek import fido2
from native_host.kek.provider import Choice, Settings
from native_host.secret import SecretBytes
from tests.parts.asked_person import Person

slots = fido2.Slots(Settings())
end = time.monotonic() + 20
while not (devices := slots.devices()) and time.monotonic() < end:
    time.sleep(0.1)  # the service takes a moment to see the card
(device,) = devices
print(device.label)
new = slots.enrol(device, Choice(pin=True), Person("1234"))
wrapped = new.kek.wrap(SecretBytes(bytes(32)), aad=b"aad")
with slots.open(new.parameters, Person("1234")) as kek:
    print(len(kek.unwrap(wrapped, aad=b"aad")))
"""


def test_a_key_on_a_reader(tmp_path: Path) -> None:
    """Found, enrolled with its PIN and opened again, by another process that has nothing but the reader."""
    if find_spec("smartcard") is None:
        absent("pyscard is not here. On Debian, as root: apt-get install libpcsclite-dev swig; then: pip install pyscard==2.3.1")
    authenticator = VirtualAuthenticator()
    authenticator.pin.set("1234")
    with in_a_reader(authenticator, tmp_path) as environ:
        root = Path(__file__).parents[2]
        run = subprocess.run([sys.executable, "-c", SCRIPT], env=environ, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert (run.stdout.splitlines(), run.returncode) == (["Security key on a reader", "32"], 0), run.stderr
    assert authenticator.touches == 3
