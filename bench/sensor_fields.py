"""What the cells of a field look like, as model.statistics says it: by hand, of what a loop over records counted."""

import re
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

EVERY_FIELD = ("id", "timestamp", "sensor_id", "value", "unit", "location", "status")
MOST_DISTINCT, EXAMPLES, SAMPLE = 10_000, 5, 1_000
SHORT = 5  # characters of the longest boolean

Counts = Mapping[Any, int]
Described = dict[str, Any]

KINDS = re.compile(
    r"(?P<integer>[+-]?(?:0|[1-9][0-9]{0,14}))"
    r"|(?P<number>[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?)"
    r"|(?P<time>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)"
    r"|(?P<boolean>(?i:true|false|yes|no|ya|tidak|benar|salah))"
    r"|(?P<error>#(?:N/A|GETTING_DATA|[A-Z0-9/]+[!?]))"
).fullmatch


def classify(text: str) -> str:
    """What a text can be read as."""
    found = KINDS(text.strip())
    return "text" if found is None or found.lastgroup is None else found.lastgroup


class Crowd:
    """A field with more different values than are counted: the least, the greatest and the longest, and kinds."""

    def __init__(self, counts: Counts) -> None:
        """`counts`: its values so far."""
        self.values: list[Any] = []
        self.kinds: Counter[str] = Counter()
        self.blanks = self.longest = 0
        self.least = self.most = ""
        self.total = Fraction()
        self.sample = [value for value in counts if value is not None][:SAMPLE]
        self._look_at([value for value, count in counts.items() for _ in range(count)])

    def flush(self) -> None:
        """Looks at the values that were kept since the last time."""
        values, self.values = self.values, []
        self._look_at(values)

    def _look_at(self, values: list[Any]) -> None:
        texts = [value if value.__class__ is str else str(value) for value in values if value is not None]
        filled = [text for text in texts if text and not text.isspace()]
        if not filled:
            return
        # Most begin with a letter and are longer than any boolean.
        doubtful = [text for text in filled if text[0] < ":" or len(text) <= SHORT]
        kinds = list(map(classify, doubtful))
        self.kinds.update(kinds)
        self.kinds["text"] += len(filled) - len(doubtful)
        numbers = (text for text, kind in zip(doubtful, kinds, strict=True) if kind in ("integer", "number"))
        self.total += sum(map(Fraction, numbers), Fraction())
        self.blanks += len(values) - len(filled)
        self.longest = max(self.longest, *map(len, texts))
        self.least = min(self.least or filled[0], *filled)
        self.most = max(self.most, *filled)

    def describe(self, records: int) -> Described:
        """Of a field of texts or days."""
        self.flush()
        length = len("2026-01-05") if self.kinds["date"] * 2 > self.kinds.total() else None
        examples = Counter(self.sample)
        return {
            "count": records, "blanks": self.blanks, "distinct": MOST_DISTINCT, "kinds": +self.kinds,
            "minimum": self.least[:length], "maximum": self.most[:length], "mean": None, "longest": self.longest,
            "examples": sorted(examples, key=lambda text: (-examples[text], text))[:EXAMPLES],
        }  # fmt: skip


def describe_counts(counts: Counts, records: int) -> Described:
    """Of a field whose values were counted."""
    texts: Counter[str] = Counter()
    for value, count in counts.items():
        if value is not None:
            texts[value if isinstance(value, str) else str(value)] += count
    longest = max(map(len, texts), default=0)
    filled = {text: count for text, count in texts.items() if text.strip()}
    of_text = {text: classify(text) for text in filled}
    kinds: Counter[str] = Counter()
    for text, count in filled.items():
        kinds[of_text[text]] += count
    numbers = {float(text): count for text, count in filled.items() if of_text[text] in ("integer", "number")}
    ends: list[Any] = list(filled)
    if sum(numbers.values()) * 2 > sum(filled.values()):
        ends = list(numbers)
    elif kinds["date"] * 2 > sum(filled.values()):
        ends = [text[:10] for text in filled if of_text[text] == "date"]
    total = sum((Fraction(number) * count for number, count in numbers.items()), Fraction())
    return {
        "count": records, "blanks": records - sum(filled.values()), "distinct": len(filled), "kinds": kinds,
        "minimum": min(ends, default=None), "maximum": max(ends, default=None),
        "mean": float(total / sum(numbers.values())) if numbers else None, "longest": longest,
        "examples": sorted(filled, key=lambda text: (-filled[text], text))[:EXAMPLES],
    }  # fmt: skip
