"""A web page's origin in its one form: the ASCII serialisation of RFC 6454 section 6.2, as browsers write it (WHATWG URL, HTML).

Whoever rules on a page, remembers it or compares it does so by equality, so each origin has one spelling here and what has none is refused:
a path, a user before the host, an escape, a name in letters beyond ASCII (browsers write it in Punycode), a name with an empty
label, such as one that ends in a dot, and an address by number in any but its usual form. Capitals, the port that a scheme
has anyway and one slash at the end are put right. An opaque origin (``null``, ``file:``) is that of many pages, and so nobody's.
"""

from __future__ import annotations

import re

DEFAULT_PORTS = {"http": 80, "https": 443}
EXTENSIONS = frozenset({"chrome-extension", "moz-extension", "safari-web-extension"})
"""An extension's own pages; each browser writes their origins as those of the web."""
PUNYCODE = "xn--"
_FORM = re.compile(r"(?P<scheme>[A-Za-z-]+)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?/?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
_EXTENSION_ID = re.compile(r"[a-z0-9-]{1,64}")
_HIGHEST_PORT = 65_535
_LABEL_LETTERS, _NAME_LETTERS = 63, 253  # RFC 1035 section 2.3.4


def canonical_origin(text: str) -> str:
    """The one spelling of the origin that ``text`` names; of one that is spelt so already, itself.

    Raises:
        ValueError: it names none, or is not an origin's serialisation but for its capitals, its port and a slash.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError("that is no origin of a web page")
    scheme, host, port = found["scheme"].lower(), found["host"].lower(), found["port"]
    if scheme in EXTENSIONS and port is None and _EXTENSION_ID.fullmatch(host):
        return f"{scheme}://{host}"
    if scheme not in DEFAULT_PORTS:
        raise ValueError("that is no origin of a web page")
    host = _ipv6(host) if host.startswith("[") else _name(host)
    number = DEFAULT_PORTS[scheme] if port is None else int(port)
    if not 0 < number <= _HIGHEST_PORT:
        raise ValueError("there is no such port")
    return f"{scheme}://{host}" if number == DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{number}"


def unicode_label(label: str) -> str:
    """A label of a host name in the letters that it stands for (RFC 3492), itself if it is not in Punycode.

    Raises:
        ValueError: it is in Punycode, and stands for nothing.
    """
    if not label.startswith(PUNYCODE):
        return label
    encoded = label.removeprefix(PUNYCODE)
    if len(label) > _LABEL_LETTERS:  # decoding takes time by the square of its length
        raise ValueError("that is no label of a name")
    try:
        letters = encoded.encode("ascii").decode("punycode")
        if letters.isascii() or letters.encode("punycode").decode("ascii") != encoded:
            raise ValueError("that stands for nothing in Punycode")
        letters.encode("utf-8")
    except (UnicodeError, OverflowError, IndexError):
        raise ValueError("that stands for nothing in Punycode") from None
    return letters


def _name(host: str) -> str:
    """A host name or an IPv4 address, in small letters."""
    labels = host.split(".")
    if len(host) > _NAME_LETTERS or not all(0 < len(label) <= _LABEL_LETTERS for label in labels):
        raise ValueError("that is no name of a host")
    # A browser reads a name whose last label is a number as an address.
    if _NUMBER.fullmatch(labels[-1]) and not _IPV4.fullmatch(host):
        raise ValueError("that is no address of a host")
    for label in labels:
        unicode_label(label)
    return host


def _ipv6(host: str) -> str:
    from ipaddress import AddressValueError, IPv6Address

    try:
        address = IPv6Address(host[1:-1])
    except AddressValueError:
        raise ValueError("that is no address of a host") from None
    if address.ipv4_mapped is not None:  # which Python writes in two ways, by its version
        low = int(address.ipv4_mapped)
        return f"[::ffff:{low >> 16:x}:{low & 0xFFFF:x}]"
    return f"[{address.compressed}]"
