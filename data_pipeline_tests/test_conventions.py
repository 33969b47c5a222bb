"""What no linter says: sizes, docstrings, folders, the error tree, and that the docs name what the code has."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer

from data_pipeline import errors
from data_pipeline.cli import app as cli
from data_pipeline.model.findings import Severity
from data_pipeline.settings import PREFIX, PROJECT_ROOT, Settings

PRODUCT = PROJECT_ROOT / "data_pipeline"
TESTS = PROJECT_ROOT / "data_pipeline_tests"
DOCS = PROJECT_ROOT / "docs"
MIGRATIONS = PRODUCT / "persist" / "migrations" / "versions"

DAGSTER_VERBS = {"asset", "multi_asset", "graph_asset", "asset_check", "multi_asset_check", "sensor", "schedule", "op"}
MOST_LINES = {"decorated function": 15, "function": 40, "file": 300, "declaration": 120}

# Folders whose code says what is wrong with a file or a day; elsewhere such texts are environment variables.
JUDGING = ("ingest", "validate", "transform", "aggregate", "pipelines", "flow")
CODE = re.compile(r"[A-Z]+(_[A-Z0-9]+)+")
# A message that holds a backtick stands between two.
API_CODE = re.compile(r"^\| `([A-Z_]+)` \| \d{3} \|", re.MULTILINE)
DOCUMENTED_CODE = re.compile(r"^\*\*`(?P<code>\w+)`\*\*.*\n(?P<fence>`+)(?P<message>.+)(?P=fence)$", re.MULTILINE)
# Its message is whatever Python says.
WITHOUT_WORDING = {"INTERNAL_ERROR"}
LEAST_WORDING = 15  # characters; a template with fewer of its own would fit any text
REFUSING = {"FileRejected", "DestinationError"}
ERROR_IN_TREE = re.compile(r"^ {4}((?:[│├└ ][─ ]{3})*)([A-Z]\w+)", re.MULTILINE)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def parse(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def modules(folder: Path = PRODUCT) -> list[Path]:
    """Every Python file below a folder."""
    return sorted(folder.rglob("*.py"))


def functions(folder: Path = PRODUCT) -> Iterator[tuple[str, Function]]:
    """Every function below a folder, nested ones included, with its place."""
    for path in modules(folder):
        for node in ast.walk(parse(path)):
            if isinstance(node, Function):
                yield f"{path.relative_to(PROJECT_ROOT)}:{node.lineno} {node.name}", node


def count_lines(function: Function) -> int:
    """Lines of the body without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def name_called(expression: ast.expr) -> str:
    """`asset` of `dg.asset(...)`."""
    target = expression.func if isinstance(expression, ast.Call) else expression
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def is_decorated(function: Function) -> bool:
    """Whether Dagster runs it."""
    return any(name_called(decorator) in DAGSTER_VERBS for decorator in function.decorator_list)


def test_what_dagster_runs_delegates() -> None:
    decorated = {place: count_lines(function) for place, function in functions() if is_decorated(function)}

    assert decorated
    assert {place: lines for place, lines in decorated.items() if lines > MOST_LINES["decorated function"]} == {}


@pytest.mark.parametrize("folder", [PRODUCT, TESTS], ids=["product", "tests"])
def test_functions_fit_on_a_screen(folder: Path) -> None:
    lines = {place: count_lines(function) for place, function in functions(folder)}

    assert {place: count for place, count in lines.items() if count > MOST_LINES["function"]} == {}


@pytest.mark.parametrize("folder", [PRODUCT, TESTS], ids=["product", "tests"])
def test_files_stay_short(folder: Path) -> None:
    lines = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(folder)}

    assert {path: count for path, count in lines.items() if count > MOST_LINES["file"]} == {}


def test_dagster_can_read_annotations_at_run_time() -> None:
    postponed = [
        str(path)
        for path in modules(PRODUCT / "orchestrate")
        for node in parse(path).body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]

    assert postponed == []


def test_everything_public_says_what_it_is() -> None:
    """Modules, classes, functions and methods; a Protocol's attribute is said by its type."""
    silent = []
    for path in modules():
        tree = parse(path)
        scopes: list[ast.Module | ast.ClassDef] = [
            tree,
            *(node for node in tree.body if isinstance(node, ast.ClassDef)),
        ]
        members = [node for scope in scopes for node in scope.body if isinstance(node, Function | ast.ClassDef)]
        public = [node for node in members if not node.name.startswith("_") and not is_stub(node)]
        silent += [f"{path}:{node.lineno} {node.name}" for node in public if not ast.get_docstring(node)]
        silent += [] if ast.get_docstring(tree) else [f"{path}:1"]

    assert silent == []


def is_stub(node: Function | ast.ClassDef) -> bool:
    """Whether the body is `...` alone."""
    [*_, last] = node.body
    return len(node.body) == 1 and isinstance(last, ast.Expr) and getattr(last.value, "value", None) is Ellipsis


def test_every_pipeline_is_explained_and_has_an_example() -> None:
    folders = [path.parent for path in (PRODUCT / "pipelines").glob("*/pipeline.yaml")]
    expected = ("README.md", "examples/rows.*", "examples/expected.csv")

    assert folders
    assert [str(folder / name) for folder in folders for name in expected if not [*folder.glob(name)]] == []


def test_no_code_but_a_pipelines_own_names_a_pipeline() -> None:
    """What is special about one is declared in its folder; generate invents files for some."""
    names = [path.parent.name for path in (PRODUCT / "pipelines").glob("*/pipeline.yaml")]
    own = [PRODUCT / "pipelines" / name for name in names] + [PRODUCT / "generate"]
    shared = [path for path in modules() if not any(path.is_relative_to(folder) for folder in own)]
    said = [(path, text) for path in shared for text in read_texts(parse(path))]

    assert names
    assert [f"{path}: {text}" for path, text in said if any(name in text for name in names)] == []


def read_texts(tree: ast.Module) -> list[str]:
    """Every text in the code; docstrings are none."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in told]
    return [node.value for node in texts if isinstance(node.value, str)]


def test_a_declaration_fits_on_a_few_screens() -> None:
    lines = {path.parent.name: len(path.read_text().splitlines()) for path in PRODUCT.glob("pipelines/*/pipeline.yaml")}

    assert {name: count for name, count in lines.items() if count >= MOST_LINES["declaration"]} == {}


def test_migrations_are_numbered_without_gaps_and_reversible() -> None:
    scripts = sorted(MIGRATIONS.glob("[0-9]*.py"))
    numbers = [script.stem.partition("_")[0] for script in scripts]
    chain = [(read_constant(script, "revision"), read_constant(script, "down_revision")) for script in scripts]

    assert scripts
    assert numbers == [f"{number:04d}" for number in range(1, len(scripts) + 1)]
    assert chain == list(zip(numbers, [None, *numbers], strict=False))
    assert [script.stem for script in scripts if not re.fullmatch(r"\d{4}(_[a-z0-9]+)+", script.stem)] == []
    beside = sorted({path.name for path in MIGRATIONS.glob("[0-9]*.sql")})
    assert beside == sorted(f"{script.stem}{suffix}" for script in scripts for suffix in (".up.sql", ".down.sql"))


def read_constant(path: Path, name: str) -> object:
    """The value that a module gives a name."""
    assigned = [node for node in parse(path).body if isinstance(node, ast.Assign)]
    [value] = [node.value for node in assigned if getattr(node.targets[0], "id", None) == name]
    return ast.literal_eval(value)


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn: dict[str, str] = {}
    path: list[str] = []
    for branch, name in ERROR_IN_TREE.findall(errors.__doc__ or ""):
        path = [*path[: len(branch) // 4], name]
        drawn[name] = path[-2] if len(path) > 1 else "Exception"
    classes = [node for node in parse(PRODUCT / "errors.py").body if isinstance(node, ast.ClassDef)]

    assert drawn == {node.name: ast.unparse(node.bases[0]) for node in classes}


def test_every_code_is_explained_and_every_explained_code_exists() -> None:
    explained = [code for code, _ in read_findings()]
    answered = API_CODE.findall((DOCS / "api.md").read_text(encoding="utf-8"))  # checked by the tests of the API

    assert sorted(explained) == sorted(find_codes() - ({*answered} - {*explained}))


def test_example_messages_are_worded_as_the_code_words_them() -> None:
    templates = find_templates()
    strange = [
        f"{code}: {message}"
        for code, message in read_findings()
        if code not in WITHOUT_WORDING and not any(template.fullmatch(message) for template in templates)
    ]

    assert strange == []


def read_findings() -> list[tuple[str, str]]:
    """Code and example message of every entry of docs/findings.md."""
    entries = DOCUMENTED_CODE.finditer((DOCS / "findings.md").read_text(encoding="utf-8"))
    return [(entry["code"], entry["message"].strip()) for entry in entries]


def find_codes() -> set[str]:
    """Every `code="..."`, first argument of REFUSING, text of the judging folders that looks like a code, and what
    stands before a severity in a tuple.
    """
    judging = [node for folder in JUDGING for path in modules(PRODUCT / folder) for node in ast.walk(parse(path))]
    everywhere = [node for path in modules() for node in ast.walk(parse(path))]
    looking = [node for node in judging if CODE.fullmatch(str(getattr(node, "value", "")))]
    given = [node.value for node in everywhere if isinstance(node, ast.keyword) and node.arg == "code"]
    refusing = [node for node in everywhere if isinstance(node, ast.Call) and name_called(node) in REFUSING]
    tuples = [node.elts for node in judging if isinstance(node, ast.Tuple)]
    graded = [code for code, severity, *_ in (elements for elements in tuples if len(elements) > 1)
              if getattr(severity, "value", None) in get_args(Severity)]  # fmt: skip
    nodes = [*looking, *given, *graded, *(node.args[0] for node in refusing)]
    return {str(node.value) for node in nodes if isinstance(node, ast.Constant)}


def find_templates() -> list[re.Pattern[str]]:
    """Every text of the code, with gaps where values go."""
    templates = []
    for node in (node for path in modules() for node in ast.walk(parse(path))):
        pieces = node.values if isinstance(node, ast.JoinedStr) else [node]
        words = [getattr(piece, "value", None) if isinstance(piece, ast.Constant) else None for piece in pieces]
        if sum(len(word) for word in words if isinstance(word, str)) >= LEAST_WORDING:
            pattern = "".join(re.escape(word) if isinstance(word, str) else ".*" for word in words)
            templates.append(re.compile(pattern, re.DOTALL))
    return templates


def test_every_command_is_in_the_docs() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "README.md", *DOCS.rglob("*.md"))]
    commands = list_commands(typer.main.get_command(cli.app), "data-pipeline")

    assert [name for name in commands if not any(re.search(rf"{name}\b", text) for text in texts)] == []


def list_commands(command: object, name: str) -> list[str]:
    """A command's name as it is typed, or those of its parts."""
    parts = getattr(command, "commands", None)
    if parts is None:
        return [name]
    return [leaf for part, child in parts.items() for leaf in list_commands(child, f"{name} {part}")]


def test_every_setting_is_in_the_docs_with_its_default() -> None:
    table = (DOCS / "settings.md").read_text(encoding="utf-8")
    rows = {cells[0].strip("`"): cells for cells in re.findall(r"^\| (\S+) \| (.*?) \|", table, re.MULTILINE)}
    expected = {name_variable(field): show_default(field) for field in Settings.model_fields}

    documented = {name: default for name, (_, default) in rows.items() if name.isupper()}
    assert documented == expected


def name_variable(field: str) -> str:
    """The environment variable of a setting."""
    return "DAGSTER_HOME" if field == "dagster_home" else f"{PREFIX}{field.upper()}"


def show_default(field: str) -> str:
    """A setting's default as the table writes it; paths as seen from the checkout."""
    default = Settings.model_fields[field].default
    if default is None or default == frozenset():
        return "unset"
    shown = default.relative_to(PROJECT_ROOT).as_posix() if isinstance(default, Path) else default
    return f"`{shown}`"
