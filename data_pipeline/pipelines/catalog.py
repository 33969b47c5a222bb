"""Finds the built-in pipelines and those of an installation's own folder; loads each one's declaration and code."""

import functools
import hashlib
import importlib
import importlib.machinery
import importlib.util
import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from data_pipeline.errors import RequestError, SpecError
from data_pipeline.model.faults import read_spec
from data_pipeline.model.processing import Processor
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.pipelines.meaning import find_meaningless

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Pipeline:
    """A declared pipeline and its folder."""

    spec: PipelineSpec
    folder: Path

    @property
    def name(self) -> str:
        """The name that commands, assets and tables use."""
        return self.spec.name

    @property
    def code_hash(self) -> str:
        """Hash of the code and the data files that the pipeline's folder holds."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.iterdir()):
            if path.suffix in (".py", ".yaml", ".sql"):
                digest.update(path.name.encode() + path.read_bytes())
        return digest.hexdigest()

    def load_processor(self) -> Processor:
        """The function that the spec's `process` names.

        Raises: SpecError when there is no `process`, or module or function do not exist.
        """
        if self.spec.process is None:
            raise SpecError(f"{self.folder.name}/pipeline.yaml: expected `process`, found none.")
        where = f"{self.folder.name}/pipeline.yaml, process.processor"
        processor: Processor = load_function(self.folder, self.spec.process.processor, where=where)
        return processor

    def read_mart(self, name: str) -> str:
        """The SELECT of one mart, valid in Postgres and in DuckDB."""
        return (self.folder / f"{name}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class FaultyPipeline:
    """A folder that should hold a pipeline and does not; the others go on without it."""

    path: Path
    message: str


class StrictLoader(yaml.SafeLoader):
    """YAML in which a key that is written twice is an error; by default the last one wins."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuses the second of two equal keys."""
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is written twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def load_spec(path: Path) -> PipelineSpec:
    """Reads one pipeline.yaml.

    Raises: SpecError with every fault and its key path.
    """
    try:
        declared = yaml.load(path.read_text(encoding="utf-8"), Loader=StrictLoader)  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: not valid YAML in UTF-8: {error}") from error
    spec, faults = read_spec(declared, find_meaningless)
    if spec is None:
        lines = "\n".join(f"  {'.'.join(map(str, place)) or '(whole file)'}: {message}" for place, message in faults)
        raise SpecError(f"{path}: {len(faults)} faults\n{lines}")
    return spec


def load_function(folder: Path, named: str, *, where: str) -> Any:
    """The function `module:function` of a pipeline's folder.

    Raises: SpecError when module or function do not exist.
    """
    module, _, function = named.partition(":")
    try:
        return getattr(import_beside(folder, module), function)
    except Exception as error:  # a person's code may raise anything when it is imported
        raise SpecError(f"{where}: expected 'module:function', found {named!r}: {error}") from error


def import_beside(folder: Path, module: str) -> ModuleType:
    """A module of a pipeline's folder; those of an installation's own folder get a package of their own.

    Raises: whatever importing it raises.
    """
    if folder.parent == FOLDER:
        return importlib.import_module(f"{__package__}.{folder.name}.{module}")
    package = f"data_pipeline_own_{hashlib.sha256(bytes(folder.parent)).hexdigest()[:12]}"
    if package not in sys.modules:
        spec = importlib.machinery.ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(folder.parent)]
        sys.modules[package] = importlib.util.module_from_spec(spec)
    importlib.invalidate_caches()  # the folder may have been written a moment ago
    return importlib.import_module(f"{package}.{folder.name}.{module}")


def load_catalog(own_folder: Path | None = None) -> dict[str, Pipeline]:
    """Every built-in pipeline by name, then every sound one of the installation's own folder.

    Raises: SpecError for the first built-in folder whose declaration is faulty or named otherwise than its folder.
    """
    return {**load_built_in(), **{one.name: one for one in read_own(own_folder) if isinstance(one, Pipeline)}}


def find_faulty(own_folder: Path | None) -> list[FaultyPipeline]:
    """What is wrong in the installation's own folder."""
    return [one for one in read_own(own_folder) if isinstance(one, FaultyPipeline)]


@functools.cache
def load_built_in() -> dict[str, Pipeline]:
    """Every built-in pipeline by name.

    Raises: SpecError.
    """
    return {path.parent.name: load_folder(path) for path in sorted(FOLDER.glob("*/pipeline.yaml"))}


def load_folder(path: Path) -> Pipeline:
    """The pipeline that a pipeline.yaml declares.

    Raises: SpecError when it is faulty, or named otherwise than its folder.
    """
    spec = load_spec(path)
    if spec.name != path.parent.name:
        raise SpecError(f"{path}: name: expected {path.parent.name!r} like its folder, found {spec.name!r}")
    return Pipeline(spec, path.parent)


def read_own(folder: Path | None) -> list[Pipeline | FaultyPipeline]:
    """What lies in the installation's own folder now, each declaration read again only when it changed."""
    paths = sorted(folder.resolve().glob("*/pipeline.yaml")) if folder is not None else []
    states = ((path, path.stat()) for path in paths)
    found: list[Pipeline | FaultyPipeline] = []
    for path, state in states:
        own = read_own_pipeline(path, state.st_mtime_ns, state.st_size)
        sound = [*load_built_in().values(), *(one for one in found if isinstance(one, Pipeline))]
        fault = find_mart_fault(own, sound) if isinstance(own, Pipeline) else None
        found.append(own if fault is None else FaultyPipeline(path, f"{path}: marts: {fault}"))
    return found


def find_mart_fault(pipeline: Pipeline, others: Sequence[Pipeline]) -> str | None:
    """What is wrong with the marts of a pipeline, apart from what is in them; their files may change by themselves."""
    for mart in pipeline.spec.marts:
        taken = [other.name for other in others if mart in other.spec.marts]
        if taken:
            return f"{mart!r} is a mart of pipeline {taken[0]!r} too, and there is one view of a name; rename this one"
        if mart.endswith(("_snapshot", "_snapshot_versions")):
            return f"{mart!r} is named like the views of published rows; rename it"
        if not (pipeline.folder / f"{mart}.sql").is_file():
            return f"expected a file {mart}.sql beside it, found none"
    return None


@functools.lru_cache(maxsize=1000)
def read_own_pipeline(path: Path, _changed_at: int, _size: int) -> Pipeline | FaultyPipeline:
    """A pipeline of the installation's own, or why it is none."""
    try:
        pipeline = load_folder(path)
    except (SpecError, OSError) as error:
        return FaultyPipeline(path, str(error))
    if pipeline.name in load_built_in():
        built_in = load_built_in()[pipeline.name].folder / path.name
        message = f"{path}: name: {pipeline.name!r} is declared twice, also in {built_in}; rename this one"
        return FaultyPipeline(path, message)
    return pipeline


def find_pipeline(name: str, own_folder: Path | None = None) -> Pipeline:
    """The pipeline of that name.

    Raises: RequestError that lists the known ones; SpecError that says what is wrong with it.
    """
    catalog = load_catalog(own_folder)
    if name in catalog:
        return catalog[name]
    faulty = next((one for one in find_faulty(own_folder) if one.path.parent.name == name), None)
    if faulty is not None:
        raise SpecError(faulty.message)
    raise RequestError(f"pipeline {name!r} does not exist; known: {', '.join(catalog)}")
