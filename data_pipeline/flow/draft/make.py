"""Name and sample -> a pipeline folder that works, written whole or not at all."""

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from data_pipeline.errors import FileRejected, RequestError, StoreError
from data_pipeline.flow.draft.compose import SCHEMA, Draft, compose, find_rivals
from data_pipeline.flow.draft.example import EXPECTED, ROWS, Example, judge_rows, write_rows
from data_pipeline.flow.draft.readme import write_readme
from data_pipeline.flow.draft.survey import Survey, survey_file
from data_pipeline.flow.inspect import look_into
from data_pipeline.ingest.antivirus import Scanner, find_malware
from data_pipeline.ingest.sandbox import Sandbox
from data_pipeline.model.batches import FileFault
from data_pipeline.model.faults import read_spec
from data_pipeline.model.inspection import Inspection
from data_pipeline.model.reading import Limits
from data_pipeline.model.schema import write_schema
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.pipelines.catalog import Pipeline, find_faulty, load_catalog

NAME = re.compile(r"[a-z][a-z0-9_]*")
MOST_NAME_CHARACTERS = 40  # tables of versions are called by name, date and number, in 63 bytes


@dataclass(frozen=True)
class Drafted:
    """A folder that was written, and what came of the sample in it."""

    folder: Path
    draft: Draft
    seen: Inspection
    example: Example


class Reader:
    """Reads the one sample, in reader processes and only after a virus scan."""

    def __init__(self, sandbox: Sandbox, limits: Limits, scanner: Scanner | None = None) -> None:
        self._sandbox, self.limits, self._scanner = sandbox, limits, scanner

    def scan(self, path: Path) -> None:
        """Raises: FileRejected when there is malware in it."""
        fault = find_malware(self._scanner, path, path.name)
        if fault is not None:
            raise FileRejected(fault.code, fault.message)

    def read(self, function: Callable[..., Any], *arguments: object) -> Any:
        """What a function makes of a file. Raises: FileRejected."""
        [answer] = self._sandbox.run(function, [(*arguments, self.limits)])
        if isinstance(answer, FileFault):
            raise FileRejected(answer.code, answer.message)
        return answer


def draft_pipeline(name: str, sample: Path, *, folder: Path, own_folder: Path, reader: Reader) -> Drafted:
    """Writes `folder`/`name`; `own_folder` is where the installation looks for pipelines beside the built-in ones.

    Raises: RequestError when the name is none or taken; FileRejected when the sample cannot be used.
    """
    catalog = load_catalog(own_folder)
    refuse_name(name, folder, [*catalog, *(one.path.parent.name for one in find_faulty(own_folder))])
    reader.scan(sample)
    survey: Survey = reader.read(survey_file, sample, sample.name)
    rivals = find_rivals(survey.cells.columns, {one.name: list_spellings(one) for one in catalog.values()})
    draft = compose(name, survey, rivals)
    spec = read_own_draft(draft)
    seen: Inspection = reader.read(look_into, sample, sample.name, spec)
    return write_folder(folder / name, draft, survey, spec, seen=seen, reader=reader)


def refuse_name(name: str, folder: Path, taken: Sequence[str]) -> None:
    """Raises: RequestError when a pipeline cannot be called so."""
    if not NAME.fullmatch(name) or len(name) > MOST_NAME_CHARACTERS:
        raise RequestError(
            f"pipeline name {name!r}: expected a small letter, then small letters, digits and _, "
            f"at most {MOST_NAME_CHARACTERS} in all, such as daily_sales."
        )
    if name in taken:
        raise RequestError(f"pipeline name {name!r} is taken; taken: {', '.join(sorted(taken))}. Choose another.")
    if (folder / name).exists():
        raise RequestError(f"{folder / name}: exists already, and nothing is written over. Choose another name.")


def list_spellings(pipeline: Pipeline) -> list[tuple[str, ...]]:
    """The headers under which a file may carry each of a pipeline's columns."""
    return [column.headers for column in pipeline.spec.columns if column.published]


def read_own_draft(draft: Draft) -> PipelineSpec:
    """The draft as the catalogue will read it; a faulty one would be a fault of ours."""
    spec, faults = read_spec(yaml.safe_load(draft.text))
    if spec is None:
        lines = "; ".join(f"{'.'.join(map(str, path))}: {words}" for path, words in faults)
        raise AssertionError(f"the draft is faulty: {lines}\n{draft.text}")
    return spec


def write_folder(
    folder: Path, draft: Draft, survey: Survey, spec: PipelineSpec, *, seen: Inspection, reader: Reader
) -> Drafted:
    """Writes beside the folder, and shows it in one rename.

    Raises: StoreError when it cannot be written.
    """
    aside = folder.parent / f".{folder.name}.part"
    examples = aside / "examples"
    try:
        shutil.rmtree(aside, ignore_errors=True)
        (examples / "reference").mkdir(parents=True)
        (examples / "reference" / ".gitkeep").touch()
        (aside / "pipeline.yaml").write_text(draft.text, encoding="utf-8")
        (examples / ROWS).write_text(write_rows(survey, spec), encoding="utf-8")
        example: Example = reader.read(judge_rows, examples / ROWS, spec)
        (examples / EXPECTED).write_text(example.expected, encoding="utf-8")
        (aside / "README.md").write_text(write_readme(draft, spec, seen, example), encoding="utf-8")
        (folder.parent / SCHEMA).write_text(write_schema(), encoding="utf-8")
        aside.rename(folder)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Drafted(folder, draft, seen, example)
