"""docs/guardrails.md names what there is: every path, every test, and in every row all three."""

import ast
import re
from pathlib import Path

from data_pipeline.settings import PROJECT_ROOT
from data_pipeline_tests.coverage_floors import FLOORS

PAGE = (PROJECT_ROOT / "docs" / "guardrails.md").read_text(encoding="utf-8")
NAMES = re.findall(r"`([^`]+)`", PAGE)
GUARDRAILS = ["Coverage", "Security", "Errors", "Logging", "API", "Validation", "Migrations", "Docs"]
PACKAGE, TESTS = PROJECT_ROOT / "data_pipeline", PROJECT_ROOT / "data_pipeline_tests"


def find_rows() -> list[list[str]]:
    """The cells of every requirement."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| requirement")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def is_there(name: str) -> bool:
    """Below one of the folders that a name may start from."""
    return any((folder / name).exists() for folder in (PACKAGE, TESTS, PROJECT_ROOT))


def list_tests(path: Path) -> set[str]:
    """Functions of a test file."""
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_the_eight_guardrails_are_there() -> None:
    assert re.findall(r"^## \d\. (\w+)$", PAGE, re.MULTILINE) == GUARDRAILS
    assert [PAGE.count(f"\n{word}") for word in ("Owner", "|---|---|---|---|")] == [8, 8]


def test_every_row_says_where_and_which_tests_and_how_it_stands() -> None:
    for requirement, code, tests, status in find_rows():
        assert status in ("held", "outside"), requirement
        assert "`" in code or code == "the whole package", requirement
        assert "`" in tests or tests == "all of them" or status == "outside", requirement


def test_every_path_is_there() -> None:
    paths = [
        name.partition("::")[0] for name in NAMES if "/" in name or name.partition("::")[0].endswith((".py", ".md"))
    ]

    assert [path for path in paths if not is_there(path)] == []
    assert len(paths) > 100


def test_every_test_is_there() -> None:
    named = [name.split("::") for name in NAMES if "::" in name]

    assert [(path, test) for path, test in named if test not in list_tests(TESTS / path)] == []
    assert len(named) > 40


def test_every_command_names_what_is_there() -> None:
    commands = re.findall(r"^    (.+)$", PAGE, re.MULTILINE)
    words = [word for command in commands for word in command.split() if word.startswith("data_pipeline_tests")]
    modules = [word.replace(".", "/") + ".py" if "/" not in word else word for word in words]

    assert [module for module in modules if not is_there(module)] == []


def test_floors_are_of_files_that_there_are() -> None:
    for floor in FLOORS:
        assert all(list(PACKAGE.glob(pattern)) for pattern in floor.files), floor.name
