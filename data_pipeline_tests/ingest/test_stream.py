"""Rules of reading in chunks: all records once, progress that ends at the end, memory known before the start."""

import random
import zipfile
from pathlib import Path

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.stream import ReadingOptions, estimate_memory, open_tables, read_table, stream_file
from data_pipeline.model.reading import Limits, Progress, ReadingSpec
from data_pipeline.model.tables import RawTable

SMALL = ReadingOptions(chunk_bytes=1000)


def write_list(folder: Path, records: int) -> Path:
    """A CSV of that many records."""
    dice = random.Random(7)
    lines = ["SKU,Nama,Stok", *(f"{number:06},Sabun {number},{dice.randint(0, 99)}" for number in range(records))]
    path = folder / "1. Padang.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_every_record_comes_once_and_in_order(tmp_path: Path) -> None:
    path = write_list(tmp_path, 500)
    chunks: list[RawTable] = []

    summary = stream_file(path, name=path.name, on_chunk=chunks.append, options=SMALL)

    skus = [sku for chunk in chunks for sku in chunk.cells["SKU"]]
    lines = [line for chunk in chunks for line in chunk.row_numbers]
    assert skus == [f"{number:06}" for number in range(500)]
    assert lines == list(range(2, 502))
    assert (summary.records, summary.chunks) == (500, len(chunks))
    assert len(chunks) > 5


def test_chunks_make_the_same_table_as_the_whole_file(tmp_path: Path) -> None:
    path = write_list(tmp_path, 300)

    whole, pieces = read_table(path, name="a"), read_table(path, name="a", options=SMALL)

    assert pieces.cells.equals(whole.cells)
    assert pieces.row_numbers.equals(whole.row_numbers)


def test_progress_grows_and_ends_at_the_files_end(tmp_path: Path) -> None:
    path = write_list(tmp_path, 500)
    seen: list[Progress] = []

    stream_file(path, name=path.name, on_chunk=lambda _: None, options=SMALL, on_progress=seen.append)

    positions = [progress.bytes_processed for progress in seen]
    assert positions == sorted(positions)
    assert (seen[-1].bytes_processed, seen[-1].percent, seen[-1].rows) == (path.stat().st_size, 100.0, 500)
    assert 0 < seen[0].percent < 50


def test_the_next_chunk_is_not_judged_before_it_is_asked_for(tmp_path: Path) -> None:
    chunks = open_tables(write_list(tmp_path, 500), name="a", options=SMALL)

    first = next(chunks)

    assert not first.is_last
    chunks.close()  # type: ignore[attr-defined]


def test_less_memory_gives_smaller_chunks(tmp_path: Path) -> None:
    path = write_list(tmp_path, 200_000)

    plenty, little = (
        estimate_memory(path, name="a", options=ReadingOptions(limits=Limits(memory_bytes=size << 20)))
        for size in (2048, 240)
    )

    assert little.chunk_bytes < plenty.chunk_bytes <= path.stat().st_size
    assert little.needed_bytes <= 240 << 20
    assert plenty.fits
    assert little.fits


def test_a_workbook_that_does_not_fit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for part in ("[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
            archive.writestr(part, "<a/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (20 << 20))
    options = ReadingOptions(limits=Limits(memory_bytes=220 << 20))

    with pytest.raises(FileRejected) as refusal:
        next(open_tables(path, name="a.xlsx", options=options))

    assert refusal.value.code == "TOO_LARGE_FOR_MEMORY"


def test_a_file_over_the_limit_is_not_looked_into(tmp_path: Path) -> None:
    path = write_list(tmp_path, 100)

    with pytest.raises(FileRejected) as refusal:
        read_table(path, name="a", options=ReadingOptions(limits=Limits(file_bytes=1000)))

    assert refusal.value.code == "FILE_TOO_LARGE"


@pytest.mark.parametrize(
    ("policy", "ragged", "codes"),
    [("reject", {3, 4}, []), ("pad", {4}, ["ROWS_PADDED"]), ("rescue", set(), ["ROWS_PADDED", "ROWS_RESCUED"])],
)
def test_ragged_records_go_by_the_pipelines_policy(
    tmp_path: Path, policy: str, ragged: set[int], codes: list[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n1,2,3\n4,5\n6,7,8,9\n" + "1,2,3\n" * 200, encoding="utf-8")
    options = ReadingOptions(reading=ReadingSpec.model_validate({"ragged": policy}))

    table = read_table(path, name="a.csv", options=options)

    assert set(table.ragged_rows) == ragged
    assert [finding.code for finding in table.findings] == codes
    assert table.cells.height == 203
