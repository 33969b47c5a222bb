"""Rules of the siege: it sees a reader that dies, and every answer that is not the one that must come."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from data_pipeline.errors import FileRejected
from data_pipeline.model.batches import FileFault
from data_pipeline_tests.ingest.siege import CRASHES, LONGEST_MESSAGE, Answer, Attack, besiege, find_miss

TABLE = (("SKU",), ("1",))
SOUND = Attack("sound", lambda path: path.write_text("read"), table=TABLE, file_name="a.csv")
REFUSED = Attack("refused", lambda path: path.write_text("refuse"), codes=frozenset({"EMPTY_FILE"}), file_name="b.csv")
EITHER = replace(SOUND, codes=frozenset({"EMPTY_FILE"}))
DEADLY = Attack("deadly", lambda path: path.write_text("abort"), codes=frozenset({"EMPTY_FILE"}), file_name="c.csv")


def play(path: Path) -> Answer:
    """Does to its reader what the file says."""
    order = path.read_text(encoding="utf-8")
    if order == "abort":
        os.abort()
    if order == "refuse":
        raise FileRejected("EMPTY_FILE", f"{path.name}: expected a table, found none.")
    return TABLE, frozenset()


def test_each_attack_has_its_answer_and_a_dead_reader_is_a_miss(tmp_path: Path) -> None:
    siege = besiege([SOUND, DEADLY, REFUSED], play, tmp_path / "files")

    assert [*siege.find_misses()] == ["deadly"]
    assert siege.count_faults(CRASHES) == 1
    assert set(siege.costs) == {"sound", "refused"}
    assert siege.child_bytes >= max(cost.peak_bytes for cost in siege.costs.values()) > 0
    assert not (tmp_path / "files").exists()


@pytest.mark.parametrize(
    ("attack", "answer", "miss"),
    [
        (SOUND, (TABLE, frozenset()), ""),
        (SOUND, ((("SKU",), ("2",)), frozenset()), "expected the table"),
        (SOUND, (TABLE, frozenset({"BLANK_ROWS"})), "expected the findings none, found BLANK_ROWS"),
        (SOUND, FileFault(code="EMPTY_FILE", message="a.csv: none"), "expected a table, found EMPTY_FILE"),
        (REFUSED, FileFault(code="EMPTY_FILE", message="b.csv: none"), ""),
        (REFUSED, FileFault(code="NO_HEADER", message="b.csv: none"), "expected EMPTY_FILE, found NO_HEADER"),
        (REFUSED, FileFault(code="EMPTY_FILE", message="none"), "the message does not name the file"),
        (REFUSED, FileFault(code="EMPTY_FILE", message="b.csv".ljust(LONGEST_MESSAGE + 1)), "a message of 1501"),
        (REFUSED, (TABLE, frozenset()), "expected EMPTY_FILE, read"),
        (EITHER, (TABLE, frozenset()), ""),
        (EITHER, FileFault(code="EMPTY_FILE", message="a.csv: none"), ""),
        (EITHER, FileFault(code="NO_HEADER", message="a.csv: none"), "expected EMPTY_FILE, found NO_HEADER"),
    ],
)
def test_an_answer_that_is_not_the_right_one_is_told(attack: Attack, answer: Answer | FileFault, miss: str) -> None:
    found = find_miss(attack, answer)

    assert found.startswith(miss)
    assert bool(found) == bool(miss)
