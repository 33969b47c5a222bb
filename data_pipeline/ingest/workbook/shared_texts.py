"""Shared texts of a workbook -> how many there are and which are empty, found without the reader."""

from dataclasses import dataclass, field

from data_pipeline.ingest.workbook.archive import Archive
from data_pipeline.ingest.workbook.cells import SOUND, TEXT
from data_pipeline.ingest.workbook.grammar import build_texts_grammar
from data_pipeline.ingest.workbook.matching import find_odd, matches
from data_pipeline.ingest.workbook.parts import Part, malformed
from data_pipeline.ingest.workbook.sections import SHARED_TEXTS, Run, read_runs

SHARED = "xl/sharedStrings.xml"


@dataclass
class SharedTexts:
    """What cells can point at."""

    count: int = 0
    empty: set[int] = field(default_factory=set)
    """Positions from 0 of texts without a character."""


def inspect_shared_texts(archive: Archive) -> SharedTexts:
    """Reads the shared texts once; a workbook may have none.

    Raises: FileRejected when they break off, or are written in a form that readers lose texts of.
    """
    found = SharedTexts()
    if SHARED not in archive.parts:
        return found
    part = Part(archive, SHARED)
    for run in read_runs(part, SHARED_TEXTS):
        grammar = build_texts_grammar(run.prefix)
        if not matches(run.text, grammar.plain):
            texts = split_texts(run)
            if not matches(run.text, grammar.any_form):
                raise malformed(part, find_odd(texts, grammar.any_form) or run.text)
            found.empty |= {found.count + position for position, text in enumerate(texts) if is_empty(text)}
        found.count += run.text.count(f"<{run.prefix}si")
    return found


def split_texts(run: Run) -> list[str]:
    """The elements of a run."""
    begin = f"<{run.prefix}si"
    return [begin + text for text in run.text.split(begin)[1:]]


def is_empty(text: str) -> bool:
    """Whether an element holds no character that a cell would show."""
    return not any(TEXT.findall(SOUND.sub("", text)))
