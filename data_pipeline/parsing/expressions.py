"""SQL text of a pipeline.yaml -> one value for every row, and nothing else: no subquery, window, aggregate or file.

The text is parsed by sqlglot; only what ALLOWED lists goes on to Polars, written anew from the parsed tree. That makes
an answer depend on its own row alone, so that it is the same wherever a file is cut into chunks.
"""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from data_pipeline.errors import SpecError

if TYPE_CHECKING:
    from sqlglot import exp

# Kinds of nodes in sqlglot's tree.
ALLOWED = frozenset({
    "Column", "Identifier", "Literal", "Boolean", "Null", "Paren", "Tuple", "Neg", "Not", "And", "Or", "EQ", "NEQ",
    "GT", "GTE", "LT", "LTE", "NullSafeEQ", "NullSafeNEQ", "Is", "In", "Between", "Like", "ILike", "Add", "Sub",
    "Mul", "Div", "IntDiv", "Mod", "DPipe", "Case", "If", "Cast", "TryCast", "DataType", "DataTypeParam", "Coalesce",
    "Nullif", "Greatest", "Least", "Abs", "Round", "Ceil", "Floor", "Sqrt", "Sign", "Ln", "Exp", "Pow", "Length",
    "Lower", "Upper", "Trim", "Left", "Right", "Substring", "Replace", "Concat", "SplitPart", "StartsWith",
    "EndsWith", "StrPosition", "RegexpLike", "Extract", "Var", "Interval",
})  # fmt: skip
ANSWER = "@answer"


@dataclass(frozen=True)
class Expression:
    """One expression over the columns of a row; `sql` is what Polars is asked."""

    text: str
    sql: str
    columns: tuple[str, ...]
    casts: tuple[str, ...]
    """Conditions under which a CAST of the expression finds a text that it cannot read."""

    def evaluate(self, rows: pl.DataFrame) -> pl.Series:
        """The value for every row; what a CAST cannot read is null, as are all numbers that are not finite.

        Raises: SpecError when the columns are of other types than the expression needs.
        """
        values = ask(rows, self.sql, self.text)
        return values.set(~values.is_finite(), None) if values.dtype.is_float() else values

    def find_failed(self, rows: pl.DataFrame) -> pl.Series:
        """Which rows have no value though all that it is made of can be read: a failed CAST, a division by zero."""
        values = ask(rows, self.sql, self.text)
        is_failed = pl.repeat(value=False, n=rows.height, eager=True, dtype=pl.Boolean)
        if values.dtype.is_float():
            is_failed = (~values.is_finite()).fill_null(value=False)
        for cast in self.casts:
            is_failed |= ask(rows, cast, self.text).fill_null(value=False)
        return is_failed

    def is_true(self, rows: pl.DataFrame) -> pl.Series:
        """Which rows a condition is true for; null counts as not true.

        Raises: SpecError when it is no condition.
        """
        values = self.evaluate(rows)
        if values.dtype != pl.Boolean:
            raise SpecError(f"expected a condition, found {self.text!r}, which is not true or false.")
        return values.fill_null(value=False)


def ask(rows: pl.DataFrame, sql: str, text: str) -> pl.Series:
    """Polars' answer, one value a row, also where no column is named."""
    position = pl.int_range(pl.len()).alias("@row")
    try:
        answer = rows.with_columns(position).sql(f'SELECT "@row", {sql} AS "{ANSWER}" FROM self')  # noqa: S608 - parsed
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0]
        raise SpecError(f"expected an expression that fits its columns, found {text!r}: {reason}.") from error
    return answer[ANSWER].rename(ANSWER)


@functools.lru_cache(maxsize=1024)
def parse_expression(text: str) -> Expression:
    """Reads an expression; the columns it names are checked by whoever knows which there are.

    Raises: SpecError when it is not one expression, or asks for more than a row's own values.
    Example:
        >>> profit = parse_expression("ROUND((price - cost) / price * 100, 1)")
        >>> profit.columns
        ('cost', 'price')
        >>> profit.evaluate(pl.DataFrame({"price": [200.0, 0.0], "cost": [150.0, 1.0]})).to_list()
        [25.0, None]
    """
    # Half a second, and most processes never need it.
    import sqlglot
    from sqlglot import exp

    try:
        trees = sqlglot.parse(text, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        reason = str(error).partition("\n")[0]
        raise SpecError(f"expected a SQL expression, found {text!r}: {reason}") from error
    if len(trees) != 1 or trees[0] is None:
        raise SpecError(f"expected one SQL expression, found {text!r}.")
    tree = trees[0]
    refuse_unsafe(tree, text)
    columns = {column.name for column in tree.find_all(exp.Column)}
    casts = [cast for cast in tree.find_all(exp.Cast) if not isinstance(cast, exp.TryCast)]
    failing = [f"({write(cast.this)}) IS NOT NULL AND ({write(cast)}) IS NULL" for cast in casts]
    return Expression(text, f"({write(tree)})", tuple(sorted(columns)), tuple(failing))


def refuse_unsafe(tree: "exp.Expr", text: str) -> None:
    """Raises: SpecError for the first thing that is not known to be safe."""
    for node in tree.walk():
        kind = type(node).__name__
        if kind not in ALLOWED or node.args.get("table"):
            found = node.sql(dialect="duckdb")
            raise SpecError(
                f"expected an expression over a row's own columns, found {found!r} in {text!r}, which is not allowed."
            )


def write(tree: "exp.Expr") -> str:
    """The SQL that Polars understands: every CAST one that gives null, every name quoted."""
    from sqlglot import exp

    def adapt(node: "exp.Expr") -> "exp.Expr":
        if isinstance(node, exp.RegexpLike):
            return exp.Anonymous(this="REGEXP_LIKE", expressions=[node.this, node.expression])
        if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
            return exp.TryCast(this=node.this, to=node.to)
        return node

    return tree.copy().transform(adapt).sql(dialect="duckdb", identify=True)
