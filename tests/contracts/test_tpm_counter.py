"""The counter in the TPM, on a real TPM 2.0 in software (swtpm), acted on from outside by tpm2-tools."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from native_host.config import TpmConfig
from native_host.errors import BackendUnavailable
from native_host.kek.counters import CounterGone, counter_of
from native_host.kek.provider import DeviceAbsent, DeviceRefuses, Settings
from native_host.kek.tpm_counter import OWNER_INDICES, CounterParameters, Counters
from tests.parts.swtpm import Swtpm, swtpm

NV_DEFINE_SPACE = b"\x00\x00\x01\x2a"  # TPM 2.0, part 2: TPM_CC
STORE = bytes.fromhex("00112233445566778899aabbccddeeff")


@pytest.fixture
def tpm() -> Iterator[Swtpm]:
    with swtpm() as running:
        yield running


def parts(parameters: bytes) -> CounterParameters:
    return msgspec.msgpack.decode(parameters, type=CounterParameters)


def with_changes(parameters: bytes, **members: object) -> bytes:
    return msgspec.msgpack.encode(msgspec.structs.asdict(parts(parameters)) | members)


def index_of(parameters: bytes) -> str:
    return hex(parts(parameters).index)


def test_it_counts_up_and_never_down(tpm: Swtpm) -> None:
    """To what is asked for, and stays where it is for less; also after the computer was switched off and on."""
    counters = counter_of("tpm", tpm.settings)
    parameters, first = counters.create(STORE)
    assert first >= 1
    for wanted, found in ((first, first), (first + 5, first + 5), (first + 2, first + 5), (0, first + 5), (first + 6, first + 6)):
        counters.raise_to(parameters, wanted)
        assert found == counters.read(parameters)
    tpm.restart()
    assert first + 6 == counters.read(parameters)


def test_it_is_the_tpms_own_counter(tpm: Swtpm) -> None:
    """By the TPM's own description: of the type that only counts up, not kept in memory, no concern of PINs; the owner reads it too."""
    counters = Counters(tpm.settings)
    parameters, first = counters.create(STORE)
    counters.raise_to(parameters, first + 1)
    described = tpm.run("tpm2_nvreadpublic", index_of(parameters)).decode()
    assert "friendly: authwrite|nt=0x1|ownerread|authread|no_da|written" in described
    assert parts(parameters).name.hex() in described
    assert first + 1 == int.from_bytes(tpm.run("tpm2_nvread", "-C", "o", index_of(parameters)), "big")


def test_nobody_else_counts_it_up(tpm: Swtpm) -> None:
    """Not without its secret, and not the owner; wrong secrets lock nothing out."""
    counters = Counters(tpm.settings)
    parameters, first = counters.create(STORE)
    for arguments in ((), ("-P", "guess"), ("-C", "o")):
        for _ in range(5):
            assert tpm.refuses("tpm2_nvincrement", index_of(parameters), *arguments)
    assert first == counters.read(parameters)
    assert b"TPM2_PT_LOCKOUT_COUNTER: 0x0" in tpm.run("tpm2_getcap", "properties-variable")


def test_made_anew_it_begins_above_what_it_was(tpm: Swtpm) -> None:
    """Whoever takes it away, by whatever means, and makes it anew cannot set it back."""
    counters = Counters(tpm.settings)
    parameters, first = counters.create(STORE)
    counters.raise_to(parameters, first + 40)
    tpm.run("tpm2_nvundefine", "-C", "o", index_of(parameters))
    parameters, second = counters.create(STORE)
    assert second > first + 40
    tpm.clear()
    parameters, third = counters.create(STORE)
    assert third > second
    counters.remove(parameters)
    assert counters.create(STORE)[1] > third


GONE = {
    "taken away": lambda tpm, index: tpm.run("tpm2_nvundefine", "-C", "o", index),
    "the TPM cleared": lambda tpm, index: tpm.clear(),
    "another kind in its place": lambda tpm, index: (
        tpm.run("tpm2_nvundefine", "-C", "o", index),
        tpm.run("tpm2_nvdefine", "-C", "o", "-s", "8", "-a", "ownerread|ownerwrite|authread|authwrite|no_da", index),
    ),
    "another counter in its place": lambda tpm, index: (
        tpm.run("tpm2_nvundefine", "-C", "o", index),
        tpm.run("tpm2_nvdefine", "-C", "o", "-a", "nt=counter|authwrite|ownerread|authread|no_da", "-p", "known", index),
        tpm.run("tpm2_nvincrement", "-P", "known", index),
    ),
}


@pytest.mark.parametrize("happens", GONE.values(), ids=GONE.keys())
def test_one_that_is_gone_is_told(tpm: Swtpm, happens: object) -> None:
    """Whatever stands in its place now; it is not counted up, and nobody else's index is taken away for it."""
    counters = Counters(tpm.settings)
    parameters, first = counters.create(STORE)
    assert callable(happens)
    happens(tpm, index_of(parameters))
    with pytest.raises(CounterGone, match="is not there"):
        counters.read(parameters)
    with pytest.raises(CounterGone, match="is not there"):
        counters.raise_to(parameters, first + 1)


def test_removing_takes_only_its_own(tpm: Swtpm) -> None:
    """What is gone already is no error; what stands in its place stays."""
    counters = Counters(tpm.settings)
    parameters, _ = counters.create(STORE)
    counters.remove(parameters)
    counters.remove(parameters)
    assert b"" == tpm.run("tpm2_getcap", "handles-nv-index")
    index = index_of(parameters)
    tpm.run("tpm2_nvdefine", "-C", "o", "-s", "8", "-a", "ownerread|ownerwrite", index)
    counters.remove(parameters)
    assert index.encode() in tpm.run("tpm2_getcap", "handles-nv-index").lower()


def test_another_tpm_does_not_have_it(tpm: Swtpm) -> None:
    """Not even at the same index."""
    parameters, _ = Counters(tpm.settings).create(STORE)
    with swtpm() as other:
        Counters(other.settings).create(STORE)
        with pytest.raises(CounterGone):
            Counters(other.settings).read(parameters)


def test_several_stores_have_several_counters(tpm: Swtpm) -> None:
    """Each in the range that is the owner's, wherever others are already."""
    counters = Counters(tpm.settings)
    made = [counters.create(STORE)[0] for _ in range(4)]
    indices = {parts(parameters).index for parameters in made}
    assert 4 == len(indices)
    assert all(index in OWNER_INDICES for index in indices)
    counters.raise_to(made[2], 9)
    assert [1, 1, 9, 1] == [counters.read(parameters) for parameters in made]


def test_a_tpm_without_room_says_so(tpm: Swtpm) -> None:
    """And nothing half made is left in it."""
    others = 0
    while not tpm.refuses("tpm2_nvdefine", "-C", "o", "-s", "2048", "-a", "ownerread|ownerwrite", hex(OWNER_INDICES.stop - 1 - others)):
        others += 1
    made: list[bytes] = []

    def fill() -> None:
        while True:
            made.append(Counters(tpm.settings).create(bytes(16))[0])

    with pytest.raises(DeviceRefuses, match="no room left"):
        fill()
    assert others + len(made) == len(tpm.run("tpm2_getcap", "handles-nv-index").splitlines())
    assert 1 == Counters(tpm.settings).read(made[0])


def test_a_counter_far_behind_is_not_raised(tpm: Swtpm) -> None:
    """A changed file shall not keep the TPM busy for hours, nor wear it out."""
    counters = Counters(tpm.settings)
    parameters, first = counters.create(STORE)
    for wanted in (first + 1001, 2**64):
        with pytest.raises(CounterGone, match="more than 1000 steps behind"):
            counters.raise_to(parameters, wanted)
    assert first == counters.read(parameters)


FORGED: dict[str, dict[str, object]] = {
    "another index": {"index": OWNER_INDICES.start},
    "an index of the platform": {"index": 0x01400001},
    "an index of the TCG": {"index": OWNER_INDICES.stop},
    "no index": {"index": -1},
    "a huge index": {"index": 2**40},
    "another name": {"name": bytes(34)},
    "a short name": {"name": b""},
    "another secret": {"auth": bytes(range(32))},
    "no secret": {"auth": bytes(32)},
    "a long secret": {"auth": bytes(33)},
    "another shape": {"more": 1},
}


@pytest.mark.parametrize("members", FORGED.values(), ids=FORGED.keys())
def test_forged_parameters_name_no_counter(tpm: Swtpm, members: dict[str, object]) -> None:
    """And lock nothing out."""
    counters = Counters(tpm.settings)
    parameters, first = counters.create(STORE)
    forged = with_changes(parameters, **members)
    with pytest.raises(CounterGone):
        counters.read(forged)
    with pytest.raises(CounterGone):
        counters.raise_to(forged, first + 1)
    assert first == counters.read(parameters)


def test_no_changed_byte_reads_another_value(tpm: Swtpm) -> None:
    """Each byte of the parameters in turn."""
    counters = Counters(tpm.settings)
    parameters, _ = counters.create(STORE)
    for at in range(len(parameters)):
        changed = bytearray(parameters)
        changed[at] ^= 0x80
        with pytest.raises(CounterGone):
            counters.read(bytes(changed))


def test_its_secret_does_not_cross_the_bus(tpm: Swtpm) -> None:
    """Neither when it is made, nor read or counted up; its index does."""
    counters = Counters(tpm.settings)
    parameters, first = counters.create(STORE)
    counters.raise_to(parameters, first + 1)
    counters.read(parameters)
    wire, secret = tpm.wire(), parts(parameters).auth
    assert parts(parameters).index.to_bytes(4, "big") in wire
    assert not [at for at in range(0, 32, 8) if secret[at : at + 8] in wire]
    # It is sent once, encrypted under a key that a listener does not have: TPM2_StartAuthSession with a loaded key for its salt.
    assert b"\x00\x00\x01\x76\x80" in wire[: wire.index(NV_DEFINE_SPACE)]


def test_no_handle_stays_in_the_tpm(tpm: Swtpm) -> None:
    """After use and after refusals."""
    counters = Counters(tpm.settings)
    parameters, first = counters.create(STORE)
    for at in range(20):
        counters.raise_to(parameters, first + at)
        counters.read(parameters)
    with pytest.raises(CounterGone):
        counters.read(with_changes(parameters, auth=bytes(32)))
    assert b"" == tpm.handles()


def test_an_owner_password_is_told(tpm: Swtpm) -> None:
    """A counter that was made before is read and counted up without it."""
    counters = Counters(tpm.settings)
    parameters, first = counters.create(STORE)
    tpm.run("tpm2_changeauth", "-c", "owner", "somebody's")
    for refused in (lambda: counters.create(STORE), lambda: counters.remove(parameters)):
        with pytest.raises(DeviceRefuses, match="owner password"):
            refused()
    counters.raise_to(parameters, first + 1)
    assert first + 1 == counters.read(parameters)


def test_a_tpm_that_is_gone_is_no_counter_that_is_gone(tpm: Swtpm) -> None:
    """The one is a cable, the other an alarm."""
    counters = Counters(tpm.settings)
    parameters, _ = counters.create(STORE)
    tpm.stop()
    for asked in (lambda: counters.create(STORE), lambda: counters.read(parameters), lambda: counters.remove(parameters)):
        with pytest.raises(DeviceAbsent, match="does not answer"):
            asked()
    assert not issubclass(DeviceAbsent, CounterGone)


def test_whether_it_is_here(tpm: Swtpm, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a TPM that is configured or the kernel's, and the library."""
    assert Counters(tpm.settings).is_here()
    monkeypatch.setattr("native_host.kek.tpm_connection.DEVICE", "/nowhere/tpmrm0")
    nowhere = Counters(Settings(tpm=TpmConfig()))
    assert not nowhere.is_here()
    with pytest.raises(BackendUnavailable):
        nowhere.create(STORE)
