"""Rules of the virus scanner: what it says counts, and while it says nothing no file passes."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_pipeline.errors import FileRejected, RequestError, StoreError
from data_pipeline.ingest.antivirus import ClamdScanner, find_malware, open_scanner, refuse_infected
from data_pipeline.model.batches import FileFault
from data_pipeline.settings import Settings
from data_pipeline_tests.ingest.scanners import EICAR, LARGEST_STREAM, FakeClamd, running_clamd

NAME = "1. Padang.xlsx"
ADVICE = "Nothing is read unscanned: see to clamd, or unset DATA_PIPELINE_CLAMD."


@pytest.fixture(params=["unix", "tcp"])
def clamd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FakeClamd]:
    """A daemon on either kind of socket."""
    with running_clamd(tmp_path if request.param == "unix" else None) as daemon:
        yield daemon


@pytest.fixture
def landed(tmp_path: Path) -> Path:
    """A landed file."""
    path = tmp_path / "landed.xlsx"
    path.write_bytes(b"a workbook")
    return path


@pytest.mark.parametrize("size", [0, 1, 1 << 18, (1 << 18) + 1, LARGEST_STREAM])
def test_a_clean_file_passes(clamd: FakeClamd, landed: Path, size: int) -> None:
    landed.write_bytes(bytes(size))

    assert find_malware(ClamdScanner(clamd.address), landed, NAME) is None
    assert clamd.scans == 1


def test_an_infected_file_is_refused_with_what_was_found(clamd: FakeClamd, landed: Path) -> None:
    landed.write_bytes(bytes(300_000) + EICAR)

    with pytest.raises(FileRejected) as caught:
        refuse_infected(ClamdScanner(clamd.address), landed, NAME)

    assert caught.value.code == "INFECTED_FILE"
    assert str(caught.value) == (
        "1. Padang.xlsx: the virus scanner found 'Eicar-Signature'. Clean the computer that it comes from."
    )


def test_a_file_that_the_scanner_does_not_take_is_refused_alone(clamd: FakeClamd, landed: Path) -> None:
    """It hangs up in the middle of the file."""
    landed.write_bytes(bytes(20 * LARGEST_STREAM))

    fault = find_malware(ClamdScanner(clamd.address), landed, NAME)

    assert fault == FileFault(
        code="UNSCANNED_FILE",
        message="1. Padang.xlsx: the virus scanner takes no file of 20 MiB. "
        "Split it, or raise StreamMaxLength of clamd.",
    )


@pytest.mark.parametrize(
    "answer",
    [b"", b"\0", b"nonsense\0", b"stream: OK", b"stream: OK\0stream: OK\0", b"stream: Can't allocate memory ERROR\0",
     b"UNKNOWN COMMAND\0", b"stream:  FOUND", b"x" * 10_000],
    ids=["nothing", "empty", "nonsense", "no end", "two", "error", "other program", "no name", "endless"],
)  # fmt: skip
def test_an_answer_that_says_nothing_lets_nothing_pass(clamd: FakeClamd, landed: Path, answer: bytes) -> None:
    clamd.answer = lambda connection: connection.sendall(answer)

    with pytest.raises(StoreError) as caught:
        refuse_infected(ClamdScanner(clamd.address), landed, NAME)

    assert str(caught.value).startswith(f"virus scanner {clamd.address}: ")
    assert str(caught.value).endswith(ADVICE)


def test_an_answer_before_the_end_of_the_file_is_none(clamd: FakeClamd, landed: Path) -> None:
    landed.write_bytes(bytes(20 * LARGEST_STREAM))
    clamd.answer = lambda connection: connection.sendall(b"stream: OK\0")

    with pytest.raises(StoreError, match=r"before the end of the file\) stream: OK|Connection reset by peer"):
        refuse_infected(ClamdScanner(clamd.address), landed, NAME)


def test_a_scanner_that_hangs_is_not_waited_for(clamd: FakeClamd, landed: Path) -> None:
    released = threading.Event()
    clamd.answer = lambda _: released.wait() and None

    try:
        with pytest.raises(StoreError) as caught:
            ClamdScanner(clamd.address, seconds=0.1).scan(landed, name=NAME)
    finally:
        released.set()

    assert str(caught.value) == f"virus scanner {clamd.address}: cannot be asked (timed out). {ADVICE}"


@pytest.mark.parametrize(
    ("address", "reason"),
    [("unix:/nowhere/clamd.ctl", "No such file or directory"), ("tcp:127.0.0.1:1", "Connection refused")],
    ids=["unix", "tcp"],
)
def test_while_the_scanner_is_away_nothing_passes(landed: Path, address: str, reason: str) -> None:
    with pytest.raises(StoreError) as caught:
        find_malware(open_scanner(address), landed, NAME)

    assert str(caught.value) == f"virus scanner {address}: cannot be asked ({reason}). {ADVICE}"


def test_without_a_scanner_nothing_is_asked(landed: Path) -> None:
    assert find_malware(open_scanner(None), landed, NAME) is None


@pytest.mark.parametrize("address", ["unix:/run/clamav/clamd.ctl", "tcp:clamav:3310", "tcp:[::1]:3310", "tcp:::1:3310"])
def test_a_scanners_address_names_a_socket(address: str) -> None:
    assert Settings(clamd=address).clamd == address


@pytest.mark.parametrize(
    "address", ["clamd", "unix:", "unix:clamd.ctl", "tcp:clamav", "tcp::3310", "tcp:clamav:0", "tcp:clamav:70000"]
)
def test_another_address_is_refused(address: str) -> None:
    with pytest.raises(RequestError) as caught:
        Settings.from_env({"DATA_PIPELINE_CLAMD": address})

    assert str(caught.value) == (
        "settings: DATA_PIPELINE_CLAMD: Value error, expected unix:/path/of/clamd.ctl or tcp:host:port, "
        f"found {address!r}"
    )


def test_an_address_of_the_newer_internet_protocol_is_called(landed: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be asked \((Connection refused|Cannot assign requested address)\)"):
        ClamdScanner("tcp:[::1]:1").scan(landed, name=NAME)
