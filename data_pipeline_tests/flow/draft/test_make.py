"""Rules of a drafted folder: whole or not at all, nothing written over, its example a test that runs by itself."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from data_pipeline.errors import FileRejected, RequestError
from data_pipeline.flow.draft.make import Drafted, Reader, draft_pipeline
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.reading import Limits
from data_pipeline.pipelines.catalog import find_faulty, find_pipeline, load_catalog
from data_pipeline_tests.flow.draft.samples import write_book, write_sample
from data_pipeline_tests.flow.draft.test_compose import SALES
from data_pipeline_tests.pipelines.examples import check_example, compute_example


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One reader process."""
    sandbox = Sandbox(workers=1, memory_mb=1024, seconds=60, preload="data_pipeline.flow.prepare")
    yield sandbox
    sandbox.close()


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    """Where the installation keeps pipelines of its own."""
    return tmp_path / "pipelines"


def draft(name: str, sample: Path, own_folder: Path, sandbox: Sandbox) -> Drafted:
    """What `data-pipeline new` does."""
    return draft_pipeline(name, sample, folder=own_folder, own_folder=own_folder, reader=Reader(sandbox, Limits()))


def test_a_draft_is_a_pipeline_at_once(tmp_path: Path, own_folder: Path, sandbox: Sandbox) -> None:
    drafted = draft("till_sales", write_sample(tmp_path / "sales.csv", SALES), own_folder, sandbox)

    pipeline = find_pipeline("till_sales", own_folder)
    assert pipeline.folder == drafted.folder == own_folder / "till_sales"
    assert drafted.seen.verdict is not None
    assert (drafted.seen.verdict.accepted, drafted.seen.verdict.rejected) == (3, 0)
    assert (own_folder / "pipeline.schema.json").exists()
    assert sorted(path.name for path in own_folder.iterdir()) == ["pipeline.schema.json", "till_sales"]


def test_its_example_is_a_test(tmp_path: Path, own_folder: Path, sandbox: Sandbox) -> None:
    """The sample's records as they were written; the rows that come of them typed."""
    drafted = draft("till_sales", write_sample(tmp_path / "sales.csv", SALES), own_folder, sandbox)
    pipeline = find_pipeline("till_sales", own_folder)

    rows = compute_example(pipeline)

    check_example(pipeline)
    assert (drafted.folder / "examples" / "rows.csv").read_text(encoding="utf-8").splitlines()[2] == (
        "Utara;00124;Teh, hijau;12;1234,5;05/01/2026;tidak;081234567891"
    )
    assert rows["harga_satuan"].to_list() == [1.25, 1234.5, 0.75]


def test_numbers_of_a_workbook_mean_the_same_in_its_example(tmp_path: Path, own_folder: Path, sandbox: Sandbox) -> None:
    """1.234 in a text could be a thousand."""
    rows = pl.DataFrame({"SKU": ["001", "002", "010"], "Harga": [1.234, 2.5, 3]})

    draft("prices", write_book(tmp_path / "prices.xlsx", rows, texts=("SKU",)), own_folder, sandbox)

    example = compute_example(find_pipeline("prices", own_folder))
    assert example.select("sku", "harga").rows() == [("001", 1.234), ("002", 2.5), ("010", 3.0)]


@pytest.mark.parametrize("name", ["Sales", "1sales", "till-sales", "till sales", "", "sales/..", "x" * 41])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path, own_folder: Path, sandbox: Sandbox) -> None:
    sample = write_sample(tmp_path / "sales.csv", SALES)

    with pytest.raises(RequestError) as caught:
        draft(name, sample, own_folder, sandbox)

    assert str(caught.value) == (
        f"pipeline name {name!r}: expected a small letter, then small letters, digits and _, at most 40 in all, "
        "such as daily_sales."
    )
    assert not own_folder.exists()


def test_a_name_that_is_taken_is_refused(tmp_path: Path, own_folder: Path, sandbox: Sandbox) -> None:
    """By a built-in pipeline, by a sound one of one's own, and by a faulty one, which somebody is working on."""
    sample = write_sample(tmp_path / "sales.csv", SALES)
    draft("till_sales", sample, own_folder, sandbox)
    (own_folder / "faulty").mkdir()
    (own_folder / "faulty" / "pipeline.yaml").write_text("name: faulty")
    before = (own_folder / "till_sales" / "pipeline.yaml").read_bytes()

    for name in ("stock_health", "till_sales", "faulty"):
        with pytest.raises(RequestError, match=f"pipeline name '{name}' is taken; taken: .*{name}.* Choose another"):
            draft(name, sample, own_folder, sandbox)

    assert (own_folder / "till_sales" / "pipeline.yaml").read_bytes() == before


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path, own_folder: Path, sandbox: Sandbox) -> None:
    (own_folder / "till_sales").mkdir(parents=True)
    (own_folder / "till_sales" / "notes.txt").write_text("mine")

    with pytest.raises(RequestError, match="exists already, and nothing is written over"):
        draft("till_sales", write_sample(tmp_path / "sales.csv", SALES), own_folder, sandbox)

    assert [path.name for path in (own_folder / "till_sales").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,2,3\n4,5,6\n7,8,9", "NO_HEADER"),
        ("Item,Price", "EMPTY_FILE"),
        ("Item,Item\nA,B\nC,D", "DOUBLED_HEADER"),
    ],
)
def test_a_sample_that_cannot_be_used_leaves_nothing(
    text: str, code: str, tmp_path: Path, own_folder: Path, sandbox: Sandbox
) -> None:
    with pytest.raises(FileRejected) as caught:
        draft("till_sales", write_sample(tmp_path / "sales.csv", text), own_folder, sandbox)

    assert caught.value.code == code
    assert not own_folder.exists()


def test_a_draft_with_the_columns_of_another_does_not_take_its_files(
    tmp_path: Path, own_folder: Path, sandbox: Sandbox
) -> None:
    sample = write_sample(tmp_path / "sales.csv", SALES)
    draft("first", sample, own_folder, sandbox)

    second = draft("second", sample, own_folder, sandbox)

    catalog = load_catalog(own_folder)
    assert find_faulty(own_folder) == []
    assert [catalog[name].spec.source.only_named for name in ("first", "second")] == [False, True]
    assert second.draft.doubts[-1] == "files with these columns go to first; see source.only_named."
