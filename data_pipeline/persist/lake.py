"""Published snapshots for DuckDB: one Parquet file a version, a catalog of views.

    lake/<pipeline>/versions/<date>.v<n>.parquet     written once
    lake/catalog.duckdb                              views that name the published versions' files one by one

The catalog follows from what Postgres says is published; replacing it, in one rename, shows it. Nobody ever has a
DuckDB file open for writing that another reads.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import filelock
import polars as pl

from data_pipeline.errors import RequestError
from data_pipeline.model.rows import Rows
from data_pipeline.persist.files import open_parquet, write_parquet
from data_pipeline.persist.marts import define_views


@dataclass(frozen=True)
class Shelf:
    """What the catalog shows of one pipeline; paths are below the home."""

    marts: Mapping[str, str]
    """Name -> SELECT."""
    current: list[Path] = field(default_factory=list)
    versions: list[Path] = field(default_factory=list)


class Lake:
    """The folder of Parquet snapshots below a home."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = home / "lake"

    @property
    def catalog(self) -> Path:
        """The DuckDB file that analysts open, read-only."""
        return self._folder / "catalog.duckdb"

    def write_version(self, pipeline: str, business_date: dt.date, version: int, rows: Rows) -> Path:
        """Writes a version nobody sees yet; returns its path below the home."""
        path = self._folder / pipeline / "versions" / f"{business_date.isoformat()}.v{version}.parquet"
        write_parquet(path, rows)
        return path.relative_to(self._home)

    def holds(self, parquet_path: Path) -> bool:
        """Whether a version's file is there."""
        return (self._home / parquet_path).exists()

    def folder_of(self, pipeline: str) -> Path:
        """Where a pipeline's versions lie."""
        return self._folder / pipeline

    def open_version(self, parquet_path: Path) -> Rows:
        """A version's rows, in publishing order."""
        return open_parquet(self._home / parquet_path)

    def scan_version(self, parquet_path: Path) -> pl.LazyFrame:
        """A version to be asked something."""
        return pl.scan_parquet(self._home / parquet_path)

    def load_version(self, parquet_path: Path) -> pl.DataFrame:
        """All of a version's rows in memory, in publishing order."""
        return pl.read_parquet(self._home / parquet_path)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Holds the catalog: what is read in here to be shown cannot be overtaken by another's."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self._folder / ".catalog.lock"):
            yield

    def show(self, shelves: Mapping[str, Shelf]) -> None:
        """Makes the catalog show these pipelines' versions, in one rename; the caller holds it."""
        stamp = self._folder / "catalog.sha256"
        statements = [line for name, shelf in sorted(shelves.items()) for line in self._declare_views(name, shelf)]
        digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()
        if self.catalog.exists() and stamp.exists() and stamp.read_text() == digest:
            return
        aside = self._folder / ".catalog.duckdb.part"
        aside.unlink(missing_ok=True)
        with closing(duckdb.connect(aside)) as connection:
            define_views(connection, statements, [mart for shelf in shelves.values() for mart in shelf.marts])
        # No stamp while it may be another catalog's: a kill here only has the views defined once more.
        stamp.unlink(missing_ok=True)
        aside.replace(self.catalog)
        stamp.write_text(digest)

    def _declare_views(self, pipeline: str, shelf: Shelf) -> list[str]:
        shown = {f"{pipeline}_snapshot": shelf.current, f"{pipeline}_snapshot_versions": shelf.versions}
        views = {
            name: f"from read_parquet([{', '.join(quote(self._home / path) for path in paths)}], union_by_name = true)"
            for name, paths in shown.items()
        }
        return [f'create view "{name}" as {select}' for name, select in {**views, **shelf.marts}.items()]

    def query(self, statement: str) -> pl.DataFrame:
        """Reads through the catalog's views.

        Raises: RequestError when nothing was ever published.
        """
        if not self.catalog.exists():
            raise RequestError(f"{self.catalog}: nothing is published yet. Run: data-pipeline process ...")
        with closing(duckdb.connect(self.catalog, read_only=True)) as connection:
            return pl.DataFrame(ArrowStream(connection.sql(statement)))


class ArrowStream:
    """A result as nothing but Arrow data, so that Polars does not try the relation's own methods.

    The annotation is quoted: DuckDB reports its types as leaked when a module still names them at exit.
    """

    def __init__(self, relation: "duckdb.DuckDBPyRelation") -> None:
        self._relation = relation

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._relation.__arrow_c_stream__(requested_schema)


def quote(path: Path) -> str:
    """A path as an SQL text."""
    return "'" + str(path).replace("'", "''") + "'"
