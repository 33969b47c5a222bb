"""Declared steps: options beside the verb, and what a change of them makes anew."""

from pathlib import Path

from data_pipeline.flow.prepare import prepared_folder
from data_pipeline.model.spec import StepSpec
from data_pipeline.settings import Settings
from data_pipeline_tests.specs import shelf_spec

TRIM = {"use": "trim", "columns": ["brand"]}
DROP = {"use": "drop_duplicates", "columns": ["sku"]}


def test_all_keys_but_the_verb_are_its_options() -> None:
    assert StepSpec(**TRIM).options == {"columns": ["brand"]}
    assert shelf_spec().steps == ()


def test_a_step_is_part_of_what_a_snapshot_follows_from() -> None:
    hashes = {shelf_spec(steps=steps).content_hash for steps in ([], [TRIM], [DROP], [TRIM, DROP], [DROP, TRIM])}

    assert len(hashes) == 5


def test_files_are_judged_again_only_for_steps_that_run_on_their_chunks() -> None:
    """What stands behind the first step that needs the whole date runs with it."""
    folder = Path("home")
    plain, trimmed = (prepared_folder(folder, shelf_spec(steps=steps)) for steps in ([], [TRIM]))

    assert plain != trimmed
    assert prepared_folder(folder, shelf_spec(steps=[DROP, TRIM])) == plain
    assert prepared_folder(folder, shelf_spec(steps=[TRIM, DROP])) == trimmed


def test_the_key_of_hashes_is_passed_on_and_never_shown() -> None:
    settings = Settings.from_env({"DATA_PIPELINE_HASH_KEY": "very secret"})

    assert settings.child_environment()["DATA_PIPELINE_HASH_KEY"] == "very secret"
    assert "very secret" not in repr(settings)
