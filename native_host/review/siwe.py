"""What a person reads of a Sign-In with Ethereum message (ERC-4361), and what is wrong with it. Pure.

The ERC would have a wallet compare the message's domain with the page that asks. Here the page is what the extension claims, so
what does not agree is a warning and never a proof; the domain, which is what is signed, stands first.
"""

from __future__ import annotations

from native_host.encodings.date_time import parse_date_time
from native_host.encodings.siwe import Siwe, looks_like_siwe, parse_siwe
from native_host.encodings.uri import Authority, Uri, parse_authority, parse_uri
from native_host.language import words
from native_host.protocol.approver import Fact, FactKind
from native_host.review.text import MIXED_ALPHABETS, describe_message, time_in_words
from native_host.review.web_page import as_it_looks

__all__ = ["Siwe", "describe_eip191", "facts_and_warnings", "looks_like_siwe", "parse_siwe"]

_DEFAULT_PORTS = {"https": "443", "http": "80"}
_RECAP = "urn:recap:"

MALFORMED = (
    "The message asks you to sign in, but is not written as the standard for that (ERC-4361) says. It may have been made to look like"
    " something that it is not."
)
ANOTHER_SITE = (
    "The message signs you in to another site than the page that asks, as the extension names it. Whoever gets this signature can"
    " enter there as you."
)
NO_PAGE = "The extension does not say which page asks. Sign only if you are on the site that the message names."
NOT_HTTPS = "The site is not one of the encrypted web (https)."
USER_IN_DOMAIN = "The domain has a part before an @, which is not the site. The site is what stands after the @."
PORT_IN_DOMAIN = "The domain names a port, behind which another program can answer than the site of that name."
PUNYCODE_DOMAIN = (
    "The domain is written in letters beyond English ones (shown above as they look). They can look like those of another site."
)
ESCAPED_DOMAIN = "The domain holds escaped characters (%…), as no site's name does."
URI_ELSEWHERE = "The message's URI belongs to another site than its domain."
ANOTHER_ACCOUNT = "The message names another account than the one that would sign it."
EXPIRED = "The message has expired."
NOT_YET_VALID = "The message is not valid yet."
NEVER_VALID = "The message expires before it becomes valid."
HANDS_ON_RIGHTS = "With this, whoever holds the URI's key may act for you in what the resources beginning with urn:recap: name (ERC-5573)."


def facts_and_warnings(
    siwe: Siwe, page_origin: str | None, *, now_ms: int | None = None, address: str | None = None
) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """The facts of a message and the warnings about it, the gravest first.

    ``page_origin`` is the page as the extension claims it; without ``now_ms``, whether it has expired is not judged; ``address`` is
    that of the key, if it should be compared.
    """
    domain, uri = parse_authority(siwe.domain), parse_uri(siwe.uri)
    warnings = (
        *_page_warnings(siwe, domain, page_origin),
        *((ANOTHER_ACCOUNT,) if address not in {None, siwe.address} else ()),
        *_domain_warnings(siwe, domain),
        *((URI_ELSEWHERE,) if uri.authority is not None and uri.authority.host != domain.host else ()),
        *((HANDS_ON_RIGHTS,) if any(resource.lower().startswith(_RECAP) for resource in siwe.resources) else ()),
        *_time_warnings(siwe, now_ms),
    )
    return _facts(siwe, domain), warnings


def describe_eip191(
    message: bytes, page_origin: str | None, *, now_ms: int | None = None, address: str | None = None
) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """What ``facts_and_warnings`` says of a personal message that asks for a sign-in, nothing of any other."""
    if not looks_like_siwe(message):
        return (), ()
    try:
        siwe = parse_siwe(message)
    except ValueError:
        return (), (MALFORMED,)
    return facts_and_warnings(siwe, page_origin, now_ms=now_ms, address=address)


def _facts(siwe: Siwe, domain: Authority) -> tuple[Fact, ...]:
    looks = as_it_looks(domain.host)
    shown: tuple[tuple[str, str | None, FactKind], ...] = (
        ("Sign in to", siwe.domain if siwe.scheme is None else f"{siwe.scheme}://{siwe.domain}", "origin"),
        ("The domain looks like", looks, "text"),
        ("Statement", siwe.statement, "message"),
        ("Account to sign in", siwe.address, "address"),
        ("URI", siwe.uri, "text"),
        ("Chain id", str(siwe.chain_id), "number"),
        ("Resources", "\n".join(siwe.resources) or None, "message"),
        ("Issued at", _in_words(siwe.issued_at), "time"),
        ("Not valid before", _in_words(siwe.not_before), "time"),
        ("Expires", _in_words(siwe.expiration_time), "time"),
        ("Nonce", siwe.nonce, "text"),
        ("Request id", siwe.request_id, "text"),
    )
    # The grammar leaves nothing in these texts that could deceive, and the lines of the resources are to stay.
    return tuple(Fact(label=words(label), value=value or words("(empty)"), kind=kind) for label, value, kind in shown if value is not None)


def _in_words(time: str | None) -> str | None:
    return None if time is None else time_in_words(parse_date_time(time))


def _page_warnings(siwe: Siwe, domain: Authority, page_origin: str | None) -> tuple[str, ...]:
    if page_origin is None:
        return (NO_PAGE,)
    scheme = _scheme(siwe)
    try:
        page = parse_uri(page_origin)
    except ValueError:
        return (ANOTHER_SITE,)
    return () if _site(page) == (scheme, domain.host, _port(scheme, domain)) else (ANOTHER_SITE,)


def _scheme(siwe: Siwe) -> str:
    """What the ERC assumes where the message names none."""
    return "https" if siwe.scheme is None else siwe.scheme.lower()


def _site(page: Uri) -> tuple[str, str, str | None] | None:
    if page.authority is None:
        return None
    return page.scheme, page.authority.host, _port(page.scheme, page.authority)


def _port(scheme: str, authority: Authority) -> str | None:
    return (authority.port or "").lstrip("0") or _DEFAULT_PORTS.get(scheme)


def _domain_warnings(siwe: Siwe, domain: Authority) -> tuple[str, ...]:
    scheme, looks = _scheme(siwe), as_it_looks(domain.host)
    found = (
        (domain.userinfo is not None, USER_IN_DOMAIN),
        (looks is not None, PUNYCODE_DOMAIN),
        (MIXED_ALPHABETS in describe_message((looks or "").encode("utf-8")).warnings, MIXED_ALPHABETS),
        ("%" in domain.host, ESCAPED_DOMAIN),
        (scheme != "https", NOT_HTTPS),
        (_port(scheme, domain) != _DEFAULT_PORTS.get(scheme), PORT_IN_DOMAIN),
    )
    return tuple(warning for holds, warning in found if holds)


def _time_warnings(siwe: Siwe, now_ms: int | None) -> tuple[str, ...]:
    expires = None if siwe.expiration_time is None else parse_date_time(siwe.expiration_time)
    begins = None if siwe.not_before is None else parse_date_time(siwe.not_before)
    found = (
        (expires is not None and now_ms is not None and now_ms >= expires, EXPIRED),
        (begins is not None and now_ms is not None and now_ms < begins, NOT_YET_VALID),
        (expires is not None and begins is not None and expires <= begins, NEVER_VALID),
    )
    return tuple(warning for holds, warning in found if holds)
