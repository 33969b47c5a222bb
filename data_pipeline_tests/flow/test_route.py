"""Rules of a file's way: what operator, folder and name say of the pipeline before the header is read."""

from pathlib import Path, PurePath

import pytest

from data_pipeline.errors import RequestError
from data_pipeline.flow.route import find_candidates
from data_pipeline.model.batches import DriveFile
from data_pipeline.pipelines.catalog import Pipeline
from data_pipeline_tests.specs import shelf_spec

CATALOG = {
    name: Pipeline(shelf_spec(name=name, source={"patterns": patterns}), Path(name))
    for name, patterns in {"shelf": ["*.xlsx", "*.csv"], "orders": ["20*.csv", "po[ _-]*.csv"]}.items()
}


@pytest.mark.parametrize(
    ("relative", "stated", "names"),
    [
        ("drive/1. Padang.csv", None, ["shelf"]),
        ("drive/20251129.csv", None, ["shelf", "orders"]),
        ("drive/PO_29.CSV", None, ["shelf", "orders"]),
        ("drive/Pontianak.csv", None, ["shelf"]),
        ("drive/notes.txt", None, ["shelf", "orders"]),
        ("drive/orders/1. Padang.csv", None, ["orders"]),
        ("shelf/orders/x.csv", None, ["orders"]),
        ("drive/orders", None, ["shelf", "orders"]),
        ("drive/orders/x.csv", "shelf", ["shelf"]),
    ],
    ids=["name of one", "name of both", "any case", "more of the name", "name of none", "folder", "inner folder",
         "file called so", "operator"],
)  # fmt: skip
def test_operator_folder_and_name_narrow_it_down(relative: str, stated: str | None, names: list[str]) -> None:
    file = DriveFile(path=Path("/", relative), relative=str(PurePath(relative)), size_bytes=1, mtime_ns=1)

    assert [one.name for one in find_candidates(file, CATALOG, stated)] == names


def test_an_unknown_pipeline_is_refused() -> None:
    file = DriveFile(path=Path("/drive/a.csv"), relative="drive/a.csv", size_bytes=1, mtime_ns=1)

    with pytest.raises(RequestError, match="pipeline 'stok' does not exist"):
        find_candidates(file, CATALOG, "stok")
