"""Finds the built-in pipelines and loads each one's declaration and code."""

import functools
import hashlib
import importlib
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from data_pipeline.errors import RequestError, SpecError
from data_pipeline.model.faults import read_spec
from data_pipeline.model.processing import Processor
from data_pipeline.model.spec import PipelineSpec

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

        Raises: SpecError when module or function do not exist.
        """
        module_name, _, function_name = self.spec.process.processor.partition(":")
        try:
            module = importlib.import_module(f"{__package__}.{self.folder.name}.{module_name}")
            processor: Processor = getattr(module, function_name)
        except (ImportError, AttributeError) as error:
            where = f"{self.folder.name}/pipeline.yaml, process.processor"
            raise SpecError(
                f"{where}: expected 'module:function', found {self.spec.process.processor!r}: {error}"
            ) from error
        return processor

    def read_mart(self, name: str) -> str:
        """The SELECT of one mart, valid in Postgres and in DuckDB."""
        return (self.folder / f"{name}.sql").read_text(encoding="utf-8")


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
    spec, faults = read_spec(declared)
    if spec is None:
        lines = "\n".join(f"  {'.'.join(map(str, place)) or '(whole file)'}: {message}" for place, message in faults)
        raise SpecError(f"{path}: {len(faults)} faults\n{lines}")
    return spec


@functools.cache
def load_catalog() -> dict[str, Pipeline]:
    """Every built-in pipeline by name.

    Raises: SpecError for the first folder whose declaration is faulty or named otherwise than its folder.
    """
    catalog = {}
    for path in sorted(FOLDER.glob("*/pipeline.yaml")):
        spec = load_spec(path)
        if spec.name != path.parent.name:
            raise SpecError(f"{path}: name: expected {path.parent.name!r} like its folder, found {spec.name!r}")
        catalog[spec.name] = Pipeline(spec, path.parent)
    return catalog


def find_pipeline(name: str) -> Pipeline:
    """The built-in pipeline of that name.

    Raises: RequestError that lists the known ones.
    """
    catalog = load_catalog()
    if name not in catalog:
        raise RequestError(f"pipeline {name!r} does not exist; known: {', '.join(catalog)}")
    return catalog[name]
