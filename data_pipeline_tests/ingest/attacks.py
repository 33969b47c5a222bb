"""The siege of all readers as a table: `python -m data_pipeline_tests.ingest.attacks`; exit code 1 on any miss."""

import sys
import tempfile
from pathlib import Path

from data_pipeline.model.batches import FileFault
from data_pipeline_tests.ingest.siege import CRASHES, HANGS, Attack, Siege, besiege, find_miss
from data_pipeline_tests.ingest.text.attacks import ATTACKS as TEXTS
from data_pipeline_tests.ingest.text.reading import read_attack as read_text
from data_pipeline_tests.ingest.workbook.attacks import ATTACKS as WORKBOOKS
from data_pipeline_tests.ingest.workbook.attacks import read_attack as read_workbook

SETS = {"workbook": (WORKBOOKS, read_workbook), "text": (TEXTS, read_text)}


def describe(siege: Siege, attack: Attack) -> str:
    """One attack's line: name, outcome, seconds, MB, and what is wrong with it."""
    answer, cost = siege.answers[attack.name], siege.costs.get(attack.name)
    outcome = answer.code if isinstance(answer, FileFault) else "read"
    took = f"{cost.seconds:6.2f} s {cost.peak_bytes >> 20:5} MB" if cost else f"{'-':>6} s {'-':>5} MB"
    miss = find_miss(attack, answer)
    return f"{attack.name:68.68} {outcome:20} {took}{f'  MISS: {miss}' if miss else ''}"


def summarise(sieges: list[Siege]) -> str:
    """The last line: all sets together."""
    files = sum(len(siege.attacks) for siege in sieges)
    misses = sum(len(siege.find_misses()) for siege in sieges)
    crashes, hangs = (sum(siege.count_faults(codes) for siege in sieges) for codes in (CRASHES, HANGS))
    peak, growth = max(siege.child_bytes for siege in sieges), max(siege.parent_growth for siege in sieges)
    return (
        f"files {files}, as expected {files - misses}, crashes {crashes}, hangs {hangs}, "
        f"peak child {peak >> 20} MB, parent growth {growth >> 20} MB"
    )


def main() -> int:
    """Has every file read and prints what came of it."""
    sieges = []
    for kind, (attacks, read) in SETS.items():
        with tempfile.TemporaryDirectory() as home:
            siege = besiege(attacks, read, Path(home, "attacks"))
        sieges.append(siege)
        sys.stdout.writelines(f"{kind:8} {describe(siege, attack)}\n" for attack in attacks)
    sys.stdout.write(f"{summarise(sieges)}\n")
    return 1 if any(siege.find_misses() for siege in sieges) else 0


if __name__ == "__main__":
    sys.exit(main())
