"""What comes by npm for the tests alone: other people's vectors and an Ethereum node; ``node/package-lock.json`` pins them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tests.parts.missing import absent

MODULES = Path(__file__).parent / "node" / "node_modules"


def from_npm(pattern: str) -> Path:
    """The one file of that pattern below the installed packages."""
    found = next(iter(sorted(MODULES.glob(pattern))), None)
    if found is None:
        absent(f"{pattern} is not here. In the project's folder: npm --prefix tests/parts/node ci --ignore-scripts")
    return found


def ethers_vectors(name: str) -> Any:
    """One file of ``@ethersproject/testcases`` (MIT): the vectors that ethers 5 is tested with."""
    return json.loads(gzip.decompress(from_npm(f"@ethersproject/testcases/testcases/{name}.json.gz").read_bytes()))
