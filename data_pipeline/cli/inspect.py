"""`data-pipeline inspect`: what the reader sees in a file, and what a pipeline would make of it."""

from pathlib import Path
from typing import Annotated

import typer

from data_pipeline import terminal
from data_pipeline.flow.inspect import inspect_file
from data_pipeline.flow.resolve import resolve
from data_pipeline.ingest.antivirus import open_scanner
from data_pipeline.ingest.sandbox import share_sandbox
from data_pipeline.pipelines.catalog import find_pipeline
from data_pipeline.settings import Settings

NEEDS_A_PERSON = 3


def inspect(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV or workbook.")],
    pipeline: Annotated[str | None, typer.Option(help="Judge it by this pipeline's rules; nothing is loaded.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, for programs.")] = False,
) -> None:
    """Show what the reader sees in a file and why, without loading anything."""
    settings = Settings.from_env()
    sandbox = share_sandbox(1, settings.reader_memory_mb, settings.reader_seconds)
    try:
        named = find_pipeline(pipeline, settings.pipelines_dir) if pipeline is not None else None
        spec = resolve(named, settings.reference_dir, sandbox) if named is not None else None
        scanner = open_scanner(settings.clamd)
        seen = inspect_file(sandbox, file.resolve(), spec=spec, limits=settings.limits, scanner=scanner)
    finally:
        sandbox.close()
    if as_json:
        terminal.say(seen.model_dump_json(indent=2))
    else:
        terminal.show_inspection(seen)
    if seen.fault is not None or (seen.verdict is not None and seen.verdict.rejected):
        raise typer.Exit(NEEDS_A_PERSON)
