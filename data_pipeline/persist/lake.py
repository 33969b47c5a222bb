"""Published snapshots for DuckDB: one Parquet file a version, a link a date, a catalog of views.

    lake/<pipeline>/versions/<date>.v<n>.parquet     written once
    lake/<pipeline>/current/<date>.parquet           link to the current version
    lake/catalog.duckdb                              views that name the current versions' files one by one

Replacing the catalog, in one rename, is the publication. Views over the links themselves would not do: DuckDB opens a
file twice, and a link that moves in between gives it the end of one version and the rows of another.
"""

import datetime as dt
import hashlib
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import duckdb
import filelock
import polars as pl

from data_pipeline.errors import RequestError
from data_pipeline.persist.files import write_parquet


class Lake:
    """The folder of Parquet snapshots below a home."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = home / "lake"

    @property
    def catalog(self) -> Path:
        """The DuckDB file that analysts open, read-only."""
        return self._folder / "catalog.duckdb"

    def write_version(self, pipeline: str, business_date: dt.date, version: int, rows: pl.DataFrame) -> Path:
        """Writes a version nobody sees yet; returns its path below the home."""
        path = self._folder / pipeline / "versions" / f"{business_date.isoformat()}.v{version}.parquet"
        write_parquet(path, rows)
        return path.relative_to(self._home)

    def move_pointer(self, pipeline: str, business_date: dt.date, parquet_path: Path) -> bool:
        """Makes a version the current one, in one rename; False when it was already."""
        link = self._link(pipeline, business_date)
        target = os.path.relpath(self._home / parquet_path, link.parent)
        if link.is_symlink() and os.readlink(link) == target:  # noqa: PTH115 - Path.readlink normalises
            return False
        link.parent.mkdir(parents=True, exist_ok=True)
        aside = link.with_name(f".{link.name}.{os.getpid()}")
        aside.unlink(missing_ok=True)
        aside.symlink_to(target)
        aside.replace(link)
        return True

    def _link(self, pipeline: str, business_date: dt.date) -> Path:
        return self._folder / pipeline / "current" / f"{business_date.isoformat()}.parquet"

    def load_rows(self, pipeline: str, business_date: dt.date) -> pl.DataFrame:
        """The current rows of a day, in publishing order.

        Raises: RequestError when the day was never published.
        """
        link = self._link(pipeline, business_date)
        if not link.exists():
            raise RequestError(f"{pipeline} {business_date}: nothing is published. Run: data-pipeline process ...")
        return pl.read_parquet(link.resolve())

    def define_views(self, pipelines: Mapping[str, Mapping[str, str]]) -> None:
        """Makes the catalog show the current versions of the given pipelines (name -> marts by name), in one rename."""
        stamp = self._folder / "catalog.sha256"
        with filelock.FileLock(self._folder / ".catalog.lock"):
            # Looked at under the lock: whoever comes last has seen every link.
            statements = [
                statement
                for pipeline, marts in sorted(pipelines.items())
                if any((self._folder / pipeline / "current").glob("*.parquet"))
                for statement in self._declare_views(pipeline, marts)
            ]
            digest = hashlib.sha256("\n".join(statements).encode()).hexdigest()
            if self.catalog.exists() and stamp.exists() and stamp.read_text() == digest:
                return
            aside = self._folder / ".catalog.duckdb.part"
            aside.unlink(missing_ok=True)
            with closing(duckdb.connect(aside)) as connection:
                for statement in statements:
                    connection.execute(statement)
            # No stamp while it may be another catalog's: a kill here only has the views defined once more.
            stamp.unlink(missing_ok=True)
            aside.replace(self.catalog)
            stamp.write_text(digest)

    def _declare_views(self, pipeline: str, marts: Mapping[str, str]) -> list[str]:
        folder = self._folder / pipeline
        current = sorted(link.resolve() for link in (folder / "current").glob("*.parquet"))
        files = {"": current, "_versions": [folder / "versions" / "*.parquet"]}
        views = {
            f"{pipeline}_snapshot{suffix}": f"from read_parquet([{', '.join(map(quote, paths))}], union_by_name = true)"
            for suffix, paths in files.items()
        }
        return [f'create view "{name}" as {select}' for name, select in {**views, **marts}.items()]

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
