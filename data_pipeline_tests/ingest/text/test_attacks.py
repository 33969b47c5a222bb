"""Rules of texts under attack: each ends as its table or as a refusal that names it, soon, in little memory."""

import pytest

from data_pipeline_tests.ingest.siege import CRASHES, HANGS, MEMORY_MB, PARENT_MB, Attack, Siege, besiege, find_miss
from data_pipeline_tests.ingest.text.attacks import ATTACKS
from data_pipeline_tests.ingest.text.reading import read_attack

FEWEST_ATTACKS = 370


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Siege:
    """All files, read by two readers as the product reads them."""
    return besiege(ATTACKS, read_attack, tmp_path_factory.mktemp("attacks"))


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_ends_as_its_table_or_as_a_refusal_that_names_it(attack: Attack, siege: Siege) -> None:
    assert find_miss(attack, siege.answers[attack.name]) == ""


def test_no_attack_kills_or_occupies_its_reader(siege: Siege) -> None:
    assert siege.count_faults(CRASHES | HANGS) == 0


def test_no_attack_takes_the_memory_of_anybody_else(siege: Siege) -> None:
    assert siege.child_bytes < MEMORY_MB << 20
    assert siege.parent_growth < PARENT_MB << 20


def test_the_known_attacks_are_all_tried() -> None:
    names = [attack.name for attack in ATTACKS]

    assert len(names) == len(set(names)) >= FEWEST_ATTACKS
