"""docs/processors.md is what the registry says; `python -m data_pipeline_tests.transform.test_describe` writes it."""

from data_pipeline.settings import PROJECT_ROOT
from data_pipeline.transform.describe import describe_verbs
from data_pipeline.transform.examples import EXAMPLES
from data_pipeline.transform.registry import VERBS

PAGE = PROJECT_ROOT / "docs" / "processors.md"


def test_the_page_is_what_the_registry_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == describe_verbs()


def test_every_verb_has_an_example_and_its_own_file() -> None:
    folder = PROJECT_ROOT / "data_pipeline" / "transform"

    assert sorted(EXAMPLES) == sorted(VERBS)
    assert [name for name in VERBS if not (folder / f"{name}.py").exists()] == []


def test_every_verb_has_an_example_that_runs() -> None:
    assert [name for name, verb in VERBS.items() if ">>> " not in (verb.apply.__doc__ or "")] == []


if __name__ == "__main__":
    PAGE.write_text(describe_verbs(), encoding="utf-8")
