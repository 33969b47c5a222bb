"""Reference folder -> its files as text with their hashes."""

import hashlib
from pathlib import Path

from data_pipeline.errors import StoreError
from data_pipeline.ingest.readers import TABLE_SUFFIXES, read_rows
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.batches import FileFault
from data_pipeline.model.tables import RawRows, ReferenceTable


def load_references(folder: Path, sandbox: Sandbox) -> dict[str, ReferenceTable]:
    """Every readable kind of file below the folder by its relative path.

    Raises: StoreError when the folder is missing or a file in it cannot be read: orders would be silently other ones.
    """
    if not folder.is_dir():
        raise StoreError(f"reference folder {folder}: expected a folder, found none. Set DATA_PIPELINE_REFERENCE_DIR.")
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in TABLE_SUFFIXES and not path.name.startswith((".", "~"))
    )
    tables = {}
    for path, result in zip(paths, sandbox.run(read_reference, [(path,) for path in paths]), strict=True):
        name = path.relative_to(folder).as_posix()
        if isinstance(result, FileFault):
            raise StoreError(f"reference file {path}: {result.message}")
        sha256, rows = result
        tables[name] = ReferenceTable(name=name, sha256=sha256, rows=rows)
    return tables


def read_reference(path: Path) -> tuple[str, RawRows]:
    """Hash and cells of one file."""
    return hashlib.sha256(path.read_bytes()).hexdigest(), read_rows(path, name=path.name)
