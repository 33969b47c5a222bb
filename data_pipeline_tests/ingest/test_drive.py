"""Rules of the drive folder: what counts as a file, when it has come to rest, and that no access is not "no files"."""

import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_pipeline.errors import DriveError
from data_pipeline.ingest.drive import LocalDrive, find_name_fault, find_settled
from data_pipeline.model.batches import DriveFile

NOW = time.time_ns()
PATTERNS = ("*.xlsx", "*.csv")


def list_names(root: Path) -> list[str]:
    return [file.relative for file in LocalDrive(root, patterns=PATTERNS).list_files()]


def drop(root: Path, *names: str) -> Path:
    """Files with some content below the folder."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content")
    return root


def test_files_of_all_subfolders_are_listed_in_a_stable_order(tmp_path: Path) -> None:
    """Paths begin with the drive folder itself: it may be called like the day."""
    root = drop(
        tmp_path / "20251125", "b.xlsx", "a.CSV", "late/2. Medan.xlsx", "late/again/1. Padang.XLSX", "notes.txt"
    )

    assert list_names(root) == [
        "20251125/a.CSV",
        "20251125/b.xlsx",
        "20251125/late/2. Medan.xlsx",
        "20251125/late/again/1. Padang.XLSX",
    ]


def test_a_file_is_listed_with_size_and_time(tmp_path: Path) -> None:
    path = drop(tmp_path, "a.xlsx") / "a.xlsx"
    os.utime(path, ns=(0, 1_764_000_000_000_000_001))

    (file,) = LocalDrive(tmp_path).list_files()

    assert file == DriveFile(
        path=path, relative=f"{tmp_path.name}/a.xlsx", size_bytes=7, mtime_ns=1_764_000_000_000_000_001
    )
    assert file.fingerprint == (7, 1_764_000_000_000_000_001)


@pytest.mark.parametrize(
    "name",
    ["~$1. Padang.xlsx", ".~lock.1. Padang.xlsx#", ".hidden.xlsx", "a.xlsx.tmp", "a.xlsx.part", "a.xlsx.crdownload",
     "desktop.ini", "Thumbs.db", ".git/a.xlsx"],
)  # fmt: skip
def test_files_that_programs_keep_to_themselves_are_not_listed(name: str, tmp_path: Path) -> None:
    drop(tmp_path, name, "1. Padang.xlsx")

    assert [file.path.name for file in LocalDrive(tmp_path).list_files()] == ["1. Padang.xlsx"]


def test_temporary_names_are_known_in_any_case(tmp_path: Path) -> None:
    assert LocalDrive(drop(tmp_path, "A.XLSX.TMP", "DESKTOP.INI", "thumbs.db")).list_files() == []


def test_links_and_devices_are_not_followed(tmp_path: Path) -> None:
    root = drop(tmp_path / "drive", "real.xlsx")
    outside = drop(tmp_path / "outside", "secret.xlsx")
    (root / "link.xlsx").symlink_to(outside / "secret.xlsx")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "dangling.xlsx").symlink_to(tmp_path / "gone")
    os.mkfifo(root / "pipe.xlsx")
    (root / "folder.xlsx").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket.xlsx"))

    assert list_names(root) == ["drive/real.xlsx"]


def test_the_drive_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    real = drop(tmp_path / "mounted", "a.xlsx")
    (tmp_path / "drive").symlink_to(real)

    drive = LocalDrive(tmp_path / "drive")

    assert drive.name() == str(real)
    assert [file.path for file in drive.list_files()] == [real / "a.xlsx"]


def test_a_name_that_is_no_text_is_not_handed_on_as_it_is(tmp_path: Path) -> None:
    """A name in another encoding, as old archives have it."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.xlsx")).write_text("content")

    [file] = LocalDrive(tmp_path).list_files()

    assert not file.has_text_name
    assert file.relative.endswith("caf\\udce9.xlsx")


STRANGE_NAMES = {
    "line break": "a\nb.xlsx",
    "carriage return": "a\rb.xlsx",
    "colours of a terminal": "\x1b[31ma.xlsx",
    "turned writing": "a\u202exslx.xlsx",
    "line separator": "a\u2028b.xlsx",
    "another encoding": "caf\udce9.xlsx",
}


@pytest.mark.parametrize("name", STRANGE_NAMES.values(), ids=STRANGE_NAMES)
def test_a_name_that_no_screen_shows_is_a_fault_and_shown_escaped(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("content")

    [file] = LocalDrive(tmp_path, patterns=PATTERNS).list_files()

    assert find_name_fault(file) is not None
    assert file.relative.isprintable()


def test_the_fault_of_a_name_says_which_character() -> None:
    assert find_name_fault(look(7, 1, "a\nb.xlsx")) == (
        "its name holds the character '\\n', which no screen shows; rename it"
    )
    assert find_name_fault(look(7, 1, "caf\udce9.xlsx")) == "its name is not text (a foreign encoding?); rename it"


PLAIN_NAMES = ["-rf.xlsx", "--help.csv", "a\\..\\b.xlsx", "C:\\a.xlsx", "%2e%2e%2fa.xlsx", "$(id).xlsx", "a;b|c&.csv",
               "' or 1=1 --.xlsx", "=1+1.csv", "{name}.csv", " a .xlsx", "x" * 250 + ".xlsx", "é" * 125 + ".xlsx",
               "Toko Ñandú 😀.csv"]  # fmt: skip


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_a_name_that_only_looks_dangerous_is_a_name(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("content")

    [file] = LocalDrive(tmp_path, patterns=PATTERNS).list_files()

    assert (file.path.name, file.relative) == (name, f"{tmp_path.name}/{name}")
    assert find_name_fault(file) is None


@pytest.fixture
def deep_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder below more folders than Python calls itself; gone afterwards, since rmtree is not up to it."""
    depth = sys.getrecursionlimit() + 100
    leaf = tmp_path.joinpath(*["d"] * depth)
    folders = [leaf, *leaf.parents[: depth - 1]]
    for folder in reversed(folders):
        folder.mkdir()
    yield leaf
    for folder in folders:
        folder.rmdir()


def test_folders_may_lie_deeper_than_the_stack_is(deep_folder: Path, tmp_path: Path) -> None:
    (deep_folder / "a.xlsx").write_text("content")

    [file] = LocalDrive(tmp_path, patterns=PATTERNS).list_files()
    file.path.unlink()

    assert file.path.parent == deep_folder


@pytest.mark.parametrize("kind", ["missing", "a file"])
def test_a_drive_that_is_no_folder_is_an_error(kind: str, tmp_path: Path) -> None:
    root = tmp_path / "drive"
    if kind == "a file":
        root.write_text("")
    reason = {"missing": "No such file or directory", "a file": "Not a directory"}[kind]

    with pytest.raises(DriveError) as caught:
        LocalDrive(root).list_files()

    assert str(caught.value) == (
        f"drive folder {root}: cannot be listed ({reason}: {root}). Check that it exists, is mounted and may be read."
    )


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A drive with a folder that this process may not list."""
    with tempfile.TemporaryDirectory(prefix="dp-drive-") as folder:  # tmp_path lies in a folder that is closed itself
        root = Path(folder)
        root.chmod(0o755)
        drop(root, "open.xlsx", "closed/secret.xlsx")
        (root / "closed").chmod(0)
        was_root = os.geteuid() == 0
        if was_root:
            os.seteuid(65534)  # nobody; root may list everything
        try:
            yield root
        finally:
            if was_root:
                os.seteuid(0)
            (root / "closed").chmod(0o755)


def test_a_folder_without_access_is_an_error_and_not_empty(closed_folder: Path) -> None:
    with pytest.raises(DriveError) as caught:
        LocalDrive(closed_folder).list_files()

    assert f"({'Permission denied'}: {closed_folder}/closed)" in str(caught.value)


def look(size: int, mtime: int, name: str = "a.xlsx") -> DriveFile:
    return DriveFile(path=Path("/drive") / name, relative=f"drive/{name}", size_bytes=size, mtime_ns=mtime)


@pytest.mark.parametrize(
    ("before", "now", "is_settled"),
    [
        (look(7, 1), look(7, 1), True),
        (look(5, 1), look(7, 1), False),
        (look(7, 1), look(7, 2), False),
        (look(0, NOW), look(0, NOW), False),
        (look(0, 1), look(0, 1), True),
        (None, look(7, 1), False),
    ],
    ids=["same twice", "grown", "touched", "empty yet", "left empty", "first look"],
)
def test_a_file_has_come_to_rest_when_two_looks_agree(
    before: DriveFile | None, now: DriveFile, is_settled: bool
) -> None:
    fingerprints = {} if before is None else {str(before.path): before.fingerprint}

    assert find_settled([now], fingerprints) == ([now] if is_settled else [])


def test_a_growing_file_does_not_hold_back_the_others() -> None:
    grown, still = look(9, 2), look(7, 1, "b.xlsx")

    settled = find_settled([grown, still], {"/drive/a.xlsx": (5, 1), "/drive/b.xlsx": (7, 1)})

    assert settled == [still]
