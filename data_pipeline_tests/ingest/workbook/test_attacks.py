"""Rules under attack: a file ends as its table or as a fault of its own, soon, in little memory, and never as a lie."""

import pytest

from data_pipeline_tests.ingest.siege import MEMORY_MB, PARENT_MB, Attack, Siege, besiege, find_miss
from data_pipeline_tests.ingest.workbook.attacks import ATTACKS, read_attack

FEWEST_ATTACKS = 74  # of docs on file security; what was found since comes on top


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Siege:
    """All files, read by two readers as the product reads them."""
    return besiege(ATTACKS, read_attack, tmp_path_factory.mktemp("attacks"))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_ends_as_its_table_or_as_a_refusal_that_names_it(attack: Attack, siege: Siege) -> None:
    assert find_miss(attack, siege.answers[attack.name]) == ""


def test_no_attack_takes_the_memory_of_anybody_else(siege: Siege) -> None:
    assert siege.child_bytes < MEMORY_MB << 20
    assert siege.parent_growth < PARENT_MB << 20


def test_the_known_attacks_are_all_tried() -> None:
    names = [attack.name for attack in ATTACKS]

    assert len(names) == len(set(names)) >= FEWEST_ATTACKS
