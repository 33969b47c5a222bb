"""A file's place and name -> the pipelines that it may be for; its header decides among them."""

from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import PurePath

from data_pipeline.model.batches import DriveFile
from data_pipeline.pipelines.catalog import Pipeline, find_pipeline


def find_candidates(file: DriveFile, catalog: Mapping[str, Pipeline], stated: str | None) -> tuple[Pipeline, ...]:
    """The pipeline that the operator or a folder names; else those that take files of such a name; else all."""
    if stated is not None:
        return (catalog[stated] if stated in catalog else find_pipeline(stated),)
    path = PurePath(file.relative)
    named = [folder for folder in path.parts[:-1] if folder in catalog]
    if named:
        return (catalog[named[-1]],)
    open_to_all = [one for one in catalog.values() if not one.spec.source.only_named]
    return tuple([one for one in open_to_all if takes(one, path.name)] or open_to_all)


def takes(pipeline: Pipeline, name: str) -> bool:
    """Whether a pipeline takes files of that name."""
    return any(fnmatch(name.lower(), pattern) for pattern in pipeline.spec.source.patterns)
