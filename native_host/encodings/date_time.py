"""Points in time: the ``date-time`` of RFC 3339 section 5.6 read, and times written out for a person.

Times are milliseconds since 1970-01-01 UTC without leap seconds, as POSIX and JWT's ``NumericDate`` count them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d+)?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def parse_date_time(text: str) -> int:
    """The time of an RFC 3339 ``date-time``; a leap second is the one after it, what is finer than a millisecond is dropped.

    Raises:
        ValueError: if it is none, names a day that its month has not, or is, in UTC, in no year from 1 to 9999.
    """
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        raise ValueError("not a date-time of RFC 3339")
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = found.groups()[6:]
    minutes = datetime(year, month, day, hour, minute, tzinfo=UTC) - _EPOCH
    offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
    milliseconds = int((fraction or ".0")[1:4].ljust(3, "0"))
    time = (minutes - (-offset if sign == "-" else offset)) // _MILLISECOND + second * 1000 + milliseconds
    in_words(time)
    return time


def in_words(milliseconds: int) -> str:
    """A time as ``30 September 2021, 16:25:24 UTC``, whatever the locale.

    Raises:
        ValueError: if it is in no year from 1 to 9999.
    """
    try:
        time = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise ValueError("the time is out of range") from None
    return f"{time.day} {_MONTHS[time.month - 1]} {time.year}, {time:%H:%M:%S} UTC"
