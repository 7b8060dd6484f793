"""Makes ``leveldb/`` with LevelDB itself: ``pip install plyvel==1.5.1``, then this. Keys in the forms that Chromium's service workers have."""

from __future__ import annotations

import shutil
from pathlib import Path

FOLDER = Path(__file__).with_name("leveldb")


def rows(number: int) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
    """A registration and a script of it; the values are long, so that blocks and records of the log are split."""
    origin = b"chrome-extension://" + bytes(97 + (number * 7 + place) % 16 for place in range(32)) + b"/"
    registration = (b"REG:%s\0%d" % (origin, number), b"registration %d " % number * 9)
    return registration, (b"RES:%d\0%d" % (number, number), origin + b"background.js?%d" % number)


def expected() -> dict[bytes, bytes]:
    """What is in it at the end."""
    found = dict(row for number in range(120) for row in rows(number))
    for number in range(0, 60, 2):
        del found[rows(number)[0][0]]
    found[rows(1)[0][0]] = b"written again"
    return found


def main() -> None:
    import plyvel  # type: ignore[import-not-found]  # needed here alone

    shutil.rmtree(FOLDER, ignore_errors=True)
    database = plyvel.DB(str(FOLDER), create_if_missing=True, compression="snappy", write_buffer_size=8192, block_size=1024)
    for number in range(100):
        for key, value in rows(number):
            database.put(key, value)
    for number in range(0, 60, 2):
        database.delete(rows(number)[0][0])
    database.compact_range()
    for number in range(100, 120):
        for key, value in rows(number):
            database.put(key, value)
    database.put(rows(1)[0][0], b"written again")
    database.close()
    for name in ("LOCK", "LOG"):
        (FOLDER / name).unlink()


if __name__ == "__main__":
    main()
