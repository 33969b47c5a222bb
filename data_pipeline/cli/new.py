"""Commands of a new pipeline: a draft from a sample file, and the schema of what may be declared."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from data_pipeline import terminal
from data_pipeline.settings import Settings

if TYPE_CHECKING:
    from data_pipeline.flow.draft.make import Drafted


def new(
    name: Annotated[str, typer.Argument(help="Name of the pipeline: small letters, digits and _.")],
    sample: Annotated[Path, typer.Option("--from", exists=True, dir_okay=False, help="A file like its files.")],
    folder: Annotated[Path | None, typer.Option(help="Where the pipeline's folder is made.")] = None,
) -> None:
    """Draft a working pipeline from a sample file: declaration, README, example."""
    from data_pipeline.flow.draft.make import Reader, draft_pipeline
    from data_pipeline.ingest.antivirus import open_scanner
    from data_pipeline.ingest.sandbox import share_sandbox

    settings = Settings.from_env()
    sandbox = share_sandbox(1, settings.reader_memory_mb, settings.reader_seconds)
    try:
        reader = Reader(sandbox, settings.limits, open_scanner(settings.clamd))
        own_folder = settings.pipelines_dir
        drafted = draft_pipeline(
            name, sample.resolve(), folder=(folder or own_folder).resolve(), own_folder=own_folder, reader=reader
        )
    finally:
        sandbox.close()
    show_draft(drafted, is_found=drafted.folder.parent == own_folder)


def show_draft(drafted: "Drafted", *, is_found: bool) -> None:
    """What was written, what was decided, how the sample fares, and what to do next."""
    name, draft, verdict = drafted.draft.name, drafted.draft, drafted.seen.verdict
    lines = [f"{drafted.folder}: drafted from {drafted.seen.file}"]
    lines += [f"  {decision}" for decision in draft.decisions]
    lines += [f"  check: {doubt}" for doubt in draft.doubts]
    if verdict is not None:
        counts = f"{verdict.accepted} accepted, {verdict.rejected} rejected"
        lines.append(f"  sample: {drafted.seen.records} records, {counts}")
        lines += [f"    {code}: {count}" for code, count in verdict.codes.items()]
    if drafted.seen.fault is not None:
        lines.append(f"  sample: refused as a whole: {drafted.seen.fault.message}")
    lines.append(f"Read {drafted.folder / 'README.md'}, then:")
    if not is_found:
        lines.append(f"  export DATA_PIPELINE_PIPELINES_DIR={drafted.folder.parent}")
    lines.append(f"  data-pipeline process --pipeline {name} --date YYYY-MM-DD --input-dir FOLDER")
    for line in lines:
        terminal.console.print(escape(line), highlight=False, soft_wrap=True)


def schema() -> None:
    """Print the JSON Schema of a pipeline.yaml."""
    from data_pipeline.model.schema import write_schema

    typer.echo(write_schema(), nl=False)
