"""Every pipeline's example, worked by hand, built-in or of this installation's own."""

import pytest

from data_pipeline.pipelines.catalog import find_pipeline, load_catalog
from data_pipeline.settings import Settings
from data_pipeline_tests.pipelines.examples import check_example

OWN = Settings.from_env().pipelines_dir


@pytest.mark.parametrize("name", load_catalog(OWN))
def test_an_example_gives_what_was_worked_by_hand(name: str) -> None:
    check_example(find_pipeline(name, OWN))
