"""did:key (W3C CCG, v0.7): identifiers that are a Multikey."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from native_host.encodings.did import decode_did_key, encode_did_key
from native_host.encodings.multikey import KEY_BYTES, decode_multikey
from tests.vector_files import load

MULTIKEYS = [vector["multikey"] for vector in load("multikey")["vectors"]]
DID = "did:key:" + MULTIKEYS[0]


@pytest.mark.parametrize("multikey", MULTIKEYS, ids=lambda text: text[:8])
def test_published(multikey: str) -> None:
    """A published did:key is the one of its key."""
    code, public = decode_multikey(multikey)

    assert decode_did_key(f"did:key:{multikey}") == (code, public)
    assert encode_did_key(code, public) == f"did:key:{multikey}"


@given(
    st.sampled_from(sorted(KEY_BYTES)).flatmap(
        lambda code: st.tuples(st.just(code), st.binary(min_size=KEY_BYTES[code], max_size=KEY_BYTES[code]))
    )
)
def test_round_trip(key: tuple[int, bytes]) -> None:
    """A key of each kind is read back."""
    assert key == decode_did_key(encode_did_key(*key))


@pytest.mark.parametrize(
    "did",
    ["", DID[4:], "did:jwk" + DID[7:], "DID" + DID[3:], f"{DID}#{MULTIKEYS[0]}", f"{DID}?versionId=1", f"{DID}/", f" {DID}", f"{DID} ", "did:key:",
     "did:key:1.1:" + MULTIKEYS[0]],
    ids=["empty", "no scheme", "another method", "capitals", "fragment", "query", "path", "blank before", "blank after", "no key", "version"],
)  # fmt: skip
def test_refused(did: str) -> None:
    """Only the identifier itself is one: not a URL of something in its document, nor another method's."""
    with pytest.raises(ValueError, match=r"did:key|Base58|multibase|kind"):
        decode_did_key(did)


@given(st.text(max_size=60).map("did:key:z{}".format))
def test_hostile(did: str) -> None:
    """A text is the did:key of what it reads as, or refused."""
    try:
        key = decode_did_key(did)
    except ValueError:
        return
    assert did == encode_did_key(*key)
