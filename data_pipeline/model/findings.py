"""What a check found: a code, a severity and the words for the person who must act."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["error", "warn", "info"]


class Finding(BaseModel):
    """One answer of one check. `code` is stable; docs/findings.md lists them all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    message: str
    severity: Severity = "warn"
    rows: int | None = None
    details: dict[str, Any] = {}


def describe_codes(findings: list[Finding]) -> dict[str, int]:
    """How often each code occurs, in order of first appearance."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.code] = counts.get(finding.code, 0) + 1
    return counts
