"""Rules of what fuzzing found interesting: it is read, or refused by name, as it was when it was found."""

from pathlib import Path

import pytest

from data_pipeline_tests.fuzz.targets import read_anything

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


def test_there_is_a_corpus() -> None:
    assert len(CORPUS) > 20


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name[:12])
def test_nothing_in_the_corpus_breaks_a_reader(path: Path) -> None:
    outcome = read_anything(path.read_bytes())

    assert outcome.endswith(" records") or outcome in ("xlsx", "xlsb", "ods", "xls") or outcome.isupper()
