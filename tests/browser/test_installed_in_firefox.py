"""Where a real Firefox says that an add-on lies, read as the host reads it."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

from native_host.caller.extension_digest import digest_of_file
from native_host.caller.identity import Claim
from native_host.caller.installed_copies import find_copies
from native_host.install.profiles import profile_folders
from tests.browser.companion import built_extension
from tests.browser.conftest import clean_environment, extension_id_of, need
from tests.browser.real_browsers import FIREFOX_PROGRAMS, find_program, until

PREFERENCES = """user_pref("xpinstall.signatures.required", false);
user_pref("extensions.autoDisableScopes", 0);
user_pref("extensions.startupScanScopes", 15);
"""


def test_an_installed_addon_is_found_with_its_version(tmp_path: Path) -> None:
    """Put into a profile and started once: found by the list that Firefox wrote, as one file of which each byte counts."""
    need("firefox")
    extension = built_extension("firefox")
    addon = extension_id_of("firefox", extension)
    version = json.loads((extension / "manifest.json").read_bytes())["version"]
    profile = tmp_path / ".mozilla" / "firefox" / "x.default"
    (profile / "extensions").mkdir(parents=True)
    (profile / "user.js").write_text(PREFERENCES, encoding="utf-8")
    packed = profile / "extensions" / f"{addon}.xpi"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(extension.rglob("*")):
            archive.write(file, str(file.relative_to(extension)))
    environment = {**clean_environment(), "HOME": str(tmp_path)}
    command = [find_program(FIREFOX_PROGRAMS) or "", "--headless", "--no-remote", "--profile", str(profile)]
    listed = profile / "extensions.json"
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: listed.exists() and addon.encode() in listed.read_bytes(), "Firefox's list of add-ons")
    finally:
        process.terminate()
        process.wait()
    claim = Claim(origin=f"moz-extension:{addon}", family="firefox")
    (copy,) = find_copies(claim, profile_folders("firefox", {"HOME": str(tmp_path)}))
    assert copy.contents is not None
    assert (str(packed), digest_of_file(str(packed)).digest, version) == (copy.folder, copy.contents.digest, copy.contents.version)
