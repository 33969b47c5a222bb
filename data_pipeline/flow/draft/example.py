"""First records of a sample -> the example of a drafted pipeline, and the rows that it gives."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from data_pipeline.flow.draft.survey import Survey
from data_pipeline.flow.prepare import options_of
from data_pipeline.ingest.stream import read_table
from data_pipeline.model.reading import Limits
from data_pipeline.model.spec import PipelineSpec
from data_pipeline.parsing.numbers import AMBIGUOUS_NUMBER
from data_pipeline.validate.judge import Judge

EXAMPLE_RECORDS = 20
ROWS, EXPECTED = "rows.csv", "expected.csv"


@dataclass(frozen=True)
class Example:
    """What the example holds, and what is to come of it."""

    rows: str
    expected: str
    accepted: int
    rejected: int


def write_rows(survey: Survey, spec: PipelineSpec) -> str:
    """The first records as CSV: a text sample's as it wrote them, in UTF-8."""
    cells = survey.cells.head(EXAMPLE_RECORDS)
    if not survey.is_text:
        # A workbook stores 1.234 as a number; in a text it could be a thousand.
        numbers = [column.header for column in spec.columns if column.type == "number"]
        texts = pl.col(numbers)
        cells = cells.with_columns(pl.when(texts.str.contains(AMBIGUOUS_NUMBER)).then(texts + "0").otherwise(texts))
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=survey.delimiter, lineterminator="\n")
    writer.writerow(cells.columns)
    writer.writerows(cells.rows())
    return buffer.getvalue()


def judge_rows(path: Path, spec: PipelineSpec, limits: Limits) -> Example:
    """The example with the rows of it that the draft accepts, in a reader process.

    Raises: FileRejected when it cannot be read.
    """
    table = read_table(path, name=ROWS, options=options_of([spec], limits))
    judging = Judge(table.cells.columns, spec, name=ROWS)
    judged = judging.judge(table, is_last=True)
    rows = judged.accepted.select(column.name for column in spec.columns if column.published)
    return Example(path.read_text(encoding="utf-8"), rows.write_csv(), rows.height, judged.rejected_rows)
