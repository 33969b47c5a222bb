"""Rules of the landing: delivered bytes are copied once, before anything else, and never change."""

import hashlib
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data_pipeline.errors import DriveError, StoreError
from data_pipeline.persist.landing import Landed, Landing
from data_pipeline_tests.persist.test_files import LIMIT_BYTES, full_disk

CONTENT = b"a workbook"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A delivered file."""
    path = tmp_path / "drive" / "1. Padang.XLSX"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def list_landed(tmp_path: Path) -> list[str]:
    folder = tmp_path / "landing"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_file_lands_under_its_hash(landing: Landing, source: Path, tmp_path: Path) -> None:
    landed = landing.take(source)

    path = tmp_path / "landing" / SHA256[:2] / f"{SHA256}.xlsx"
    assert landed == Landed(sha256=SHA256, size_bytes=len(CONTENT), path=path)
    assert path.read_bytes() == CONTENT
    assert landing.find(SHA256, ".XLSX") == path
    assert list_landed(tmp_path) == [f"{SHA256[:2]}/{SHA256}.xlsx"]


def test_a_large_file_lands_whole(landing: Landing, source: Path) -> None:
    content = os.urandom(3 * 2**20 + 17)
    source.write_bytes(content)

    assert landing.take(source).path.read_bytes() == content


def test_an_empty_file_lands_too(landing: Landing, source: Path) -> None:
    """It is refused later, with a reason."""
    source.write_bytes(b"")

    assert landing.take(source).size_bytes == 0


def test_the_same_content_lands_once(landing: Landing, source: Path, tmp_path: Path) -> None:
    again = source.with_name("copy.xlsx")
    again.write_bytes(CONTENT)

    assert landing.take(source) == landing.take(again) == landing.take(source)
    assert len(list_landed(tmp_path)) == 1


def test_the_copy_is_read_only_and_its_own(landing: Landing, source: Path) -> None:
    landed = landing.take(source)

    source.write_bytes(b"changed by its sender")

    assert stat.S_IMODE(landed.path.stat().st_mode) == 0o444
    assert landed.path.read_bytes() == CONTENT


def test_a_link_is_refused(landing: Landing, source: Path, tmp_path: Path) -> None:
    link = source.with_name("link.xlsx")
    link.symlink_to("/etc/passwd")

    with pytest.raises(DriveError) as caught:
        landing.take(link)

    assert str(caught.value) == f"{link}: cannot be read (Too many levels of symbolic links). Check its access rights."
    assert list_landed(tmp_path) == []


def test_a_pipe_is_refused_at_once(landing: Landing, source: Path) -> None:
    """Opening it would otherwise wait for somebody who writes."""
    pipe = source.with_name("pipe.xlsx")
    os.mkfifo(pipe)

    with pytest.raises(DriveError) as caught:
        landing.take(pipe)

    assert str(caught.value) == f"{pipe}: expected a file, found something else. Put the file itself there."


def test_a_folder_is_refused(landing: Landing, source: Path) -> None:
    with pytest.raises(DriveError, match="expected a file"):
        landing.take(source.parent)


def test_a_file_that_is_gone_is_the_drives_fault(landing: Landing, tmp_path: Path) -> None:
    with pytest.raises(DriveError, match=r"gone\.xlsx: cannot be read \(No such file or directory\)"):
        landing.take(tmp_path / "gone.xlsx")


def test_a_device_is_refused(landing: Landing) -> None:
    with pytest.raises(DriveError, match=r"/dev/null: expected a file, found something else"):
        landing.take(Path("/dev/null"))


def test_a_socket_is_refused(landing: Landing, source: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source.with_name("socket.xlsx")))

        with pytest.raises(DriveError, match=r"socket\.xlsx: cannot be read \(No such device or address\)"):
            landing.take(source.with_name("socket.xlsx"))


def test_a_link_that_took_the_place_of_a_folder_is_not_followed(landing: Landing, source: Path, tmp_path: Path) -> None:
    """Between listing and reading, as somebody who may write to the drive could do."""
    outside = tmp_path / "outside"
    source.parent.rename(outside)
    source.parent.symlink_to(outside)

    with pytest.raises(DriveError) as caught:
        landing.take(source)

    assert str(caught.value) == f"{source}: cannot be read (Not a directory). Check its access rights."
    assert list_landed(tmp_path) == []


def test_a_file_with_a_further_name_lands(landing: Landing, source: Path, tmp_path: Path) -> None:
    """Copy tools that save space make hard links."""
    (tmp_path / "backup.xlsx").hardlink_to(source)

    assert landing.take(source).path.read_bytes() == CONTENT


NAMES = ["a\nb.xlsx", "\x1b[31m.xlsx", "-rf.xlsx", "--.xlsx", "..\\a.xlsx", "x" * 250 + ".xlsx", "é" * 125 + ".xlsx",
         "a." + "y" * 253, "a.x\ny", "a.$(id)", "a", "a.", ".a"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leads_to_another_place_than_the_hash(
    landing: Landing, source: Path, name: str, tmp_path: Path
) -> None:
    landed = landing.take(source.rename(source.with_name(name)))

    suffix = ".xlsx" if name.endswith(".xlsx") else ""
    assert list_landed(tmp_path) == [f"{SHA256[:2]}/{SHA256}{suffix}"]
    assert landing.get(SHA256, name) == landed


@contextmanager
def busy_writer(path: Path) -> Iterator[None]:
    """Somebody who saves the file over and over."""
    stop, begun = threading.Event(), threading.Event()

    def touch() -> None:
        moment = 0
        while not stop.is_set():
            moment += 1
            os.utime(path, ns=(moment, moment))
            begun.set()

    writer = threading.Thread(target=touch)
    writer.start()
    begun.wait()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def test_a_file_that_changes_while_it_is_read_is_left_for_later(landing: Landing, source: Path, tmp_path: Path) -> None:
    source.write_bytes(bytes(8 * 2**20))

    with busy_writer(source), pytest.raises(DriveError) as caught:
        landing.take(source)

    assert str(caught.value) == f"{source}: changed while it was read. It is taken when it has come to rest."
    assert list_landed(tmp_path) == []


# A regular file that gives more bytes than it says it has, as one that somebody writes to without end.
GROWING = Path(f"/proc/{os.getpid()}/status")


@pytest.mark.skipif(not GROWING.exists(), reason="no /proc here, so no file that is longer than it says")
def test_a_file_is_read_no_further_than_it_said(landing: Landing, tmp_path: Path) -> None:
    with pytest.raises(DriveError, match="changed while it was read"):
        landing.take(GROWING)

    assert list_landed(tmp_path) == []


def test_our_own_full_disk_is_not_the_drives_fault(landing: Landing, source: Path) -> None:
    source.write_bytes(bytes(LIMIT_BYTES + 1))

    with full_disk(), pytest.raises(StoreError) as caught:
        landing.take(source)

    assert not isinstance(caught.value, DriveError)
    assert (
        str(caught.value) == f"{source}: cannot be copied to {source.parents[1]}/landing: File too large. Free space."
    )


def test_a_full_disk_leaves_no_partial_copy(landing: Landing, source: Path, tmp_path: Path) -> None:
    source.write_bytes(bytes(LIMIT_BYTES + 1))

    with full_disk(), pytest.raises(StoreError):
        landing.take(source)

    assert list_landed(tmp_path) == []


# A regular file whose first page nobody can read, as on a drive that goes away.
UNREADABLE = Path(f"/proc/{os.getpid()}/mem")


@pytest.mark.skipif(not UNREADABLE.exists(), reason="no /proc here, so no file that opens and cannot be read")
def test_a_drive_that_fails_while_it_is_read_is_the_drives_fault(landing: Landing) -> None:
    with pytest.raises(StoreError) as caught:
        landing.take(UNREADABLE)

    assert isinstance(caught.value, DriveError)


def test_half_copies_of_killed_processes_are_removed_after_a_day(
    landing: Landing, source: Path, tmp_path: Path
) -> None:
    landing.take(source)
    now = time.time()
    for name, age in {"tmpold.part": 25 * 3600, "tmpnew.part": 23 * 3600, "notes.txt": 25 * 3600}.items():
        (tmp_path / "landing" / name).write_bytes(b"half")
        os.utime(tmp_path / "landing" / name, (now - age, now - age))

    Landing.open(tmp_path / "landing")

    assert list_landed(tmp_path) == [f"{SHA256[:2]}/{SHA256}.xlsx", "notes.txt", "tmpnew.part"]


def test_a_landing_that_nothing_came_to_can_be_opened(tmp_path: Path) -> None:
    assert Landing.open(tmp_path / "landing").find("ab" + 62 * "0", ".CSV") == (
        tmp_path / "landing" / "ab" / f"ab{62 * '0'}.csv"
    )


def test_a_half_copy_that_cannot_be_removed_is_the_operators(tmp_path: Path) -> None:
    (tmp_path / "folder.part").mkdir()
    os.utime(tmp_path / "folder.part", (0, 0))

    with pytest.raises(StoreError) as caught:
        Landing.open(tmp_path)

    assert str(caught.value) == f"{tmp_path}/folder.part: cannot be removed: Is a directory. Check its access rights."
