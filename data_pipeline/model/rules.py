"""Rules of a pipeline.yaml: what every record must answer, and what follows when it does not."""

import datetime as dt
import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

RuleSeverity = Literal["warn", "reject_row", "reject_file", "abort"]
"""A finding; the row goes back; so does the whole file; nor is anything published for its date."""


class Part(BaseModel):
    """A frozen piece of a spec that knows exactly its own keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BaseRule(Part):
    """What all rules have."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    severity: RuleSeverity = "reject_row"
    over_rows: int = Field(0, ge=0)
    """`reject_file` and `abort` need more broken rows than this; up to it the rows alone go back."""
    over_percent: float = Field(0, ge=0, le=100)
    """The same, in percent of the file's records; both must be exceeded."""
    message: str | None = None
    """For the sender, instead of the product's own words."""
    where: str | None = None
    """SQL condition over the columns; the rule holds for rows where it is true. https://docs.pola.rs/user-guide/sql/"""

    @model_validator(mode="after")
    def check_thresholds(self) -> Self:
        """A threshold says something only where a file is at stake."""
        if self.severity in ("warn", "reject_row") and (self.over_rows or self.over_percent):
            raise ValueError("over_rows and over_percent go with severity reject_file or abort only")
        return self

    @property
    def columns_named(self) -> tuple[str, ...]:
        """The declared columns that the rule looks at; those of SQL conditions are checked when it is compiled."""
        column = getattr(self, "column", None)
        return (column,) if column else ()


class RequiredRule(BaseRule):
    """A column that may be blank elsewhere is not blank where the condition holds."""

    kind: Literal["required"]
    column: str


class RangeRule(BaseRule):
    """Numbers of a column stay within bounds, both included."""

    kind: Literal["range"]
    column: str
    minimum: float | None = None
    maximum: float | None = None


class DateRangeRule(BaseRule):
    """Days or moments of a column stay within bounds, both included; a bound for moments is a day, in UTC."""

    kind: Literal["date_range"]
    column: str
    first: dt.date | None = None
    last: dt.date | None = None


class PatternRule(BaseRule):
    """Texts match a regular expression as a whole; syntax: https://docs.rs/regex"""

    kind: Literal["pattern"]
    column: str
    pattern: str

    @field_validator("pattern")
    @classmethod
    def check_pattern(cls, pattern: str) -> str:
        """It must compile."""
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return pattern


class FormRule(BaseRule):
    """Texts are an e-mail address, a web address or a telephone number."""

    kind: Literal["email", "url", "phone"]
    column: str
    region: str | None = Field(None, pattern=r"^[A-Z]{2}$")
    """Country whose telephone numbers need no +code."""


class ValuesRule(BaseRule):
    """Texts or numbers are among those listed."""

    kind: Literal["enum"]
    column: str
    values: tuple[str | int | float, ...] = Field(min_length=1)


class LengthRule(BaseRule):
    """Texts have so many characters."""

    kind: Literal["length"]
    column: str
    minimum: int | None = Field(None, ge=0)
    maximum: int | None = Field(None, ge=0)


class UniqueRule(BaseRule):
    """The named columns occur once together in a file; the first row stands, later ones break the rule."""

    kind: Literal["unique"]
    columns: tuple[str, ...] = Field(min_length=1)

    @property
    def columns_named(self) -> tuple[str, ...]:
        """All of the key."""
        return self.columns


class ReferenceRule(BaseRule):
    """Texts occur in a column of a reference file, compared without regard to case and to blanks around them."""

    kind: Literal["reference"]
    column: str
    file: str
    file_column: str
    known: tuple[str, ...] = ()
    """What the file lists, in small letters; filled in when a file is judged, so that it counts as part of the rule."""


class ConditionRule(BaseRule):
    """A SQL condition over the columns is true, or cannot be told because a value is missing."""

    kind: Literal["condition"]
    condition: str


class CustomRule(BaseRule):
    """A function in the pipeline's folder says of each row by itself whether it breaks the rule.

    `module:function`; it gets a frame with the declared columns, typed, and the options, and gives a Boolean series.
    """

    kind: Literal["custom"]
    function: str = Field(pattern=r"^[a-z_][a-z0-9_.]*:[a-z_][a-z0-9_]*$")
    options: dict[str, Any] = {}
    code: str = ""
    """Hash of the folder's code; filled in when a file is judged, so that it counts as part of the rule."""
    folder: str = ""
    """The pipeline's folder; filled in too."""


Rule = Annotated[
    RequiredRule
    | RangeRule
    | DateRangeRule
    | PatternRule
    | FormRule
    | ValuesRule
    | LengthRule
    | UniqueRule
    | ReferenceRule
    | ConditionRule
    | CustomRule,
    Field(discriminator="kind"),
]
