"""Lines of text -> how many records end in them, by where quotes and backslashes stand and not by a parser."""

import re
from collections.abc import Iterable, Iterator

from data_pipeline.model.reading import Marks

IN_FIELD = "x"  # stands for what an unquoted field begins with
NEVER = "\0"  # in no line
LINE_ENDS = ("\n", "\r")


class Recount:
    """Counts the records that end in the lines that pass through."""

    def __init__(self, marks: Marks) -> None:
        self.records = 0
        self.characters = 0
        """Of the lines that passed."""
        self.open_characters = 0
        """Of those, behind the last record that ended."""
        self._quote = marks.quote or NEVER
        self._escape = "\\" if marks.escape == "backslash" else NEVER
        quote, starts = re.escape(self._quote), rf"(?<![^{re.escape(marks.delimiter)}])"
        if marks.escape == "backslash":
            whole = rf"{starts}{quote}[^{quote}\\]*+(?:\\.[^{quote}\\]*+)*+{quote}|\\.{quote}*+"
        else:
            whole = f"{starts}{quote}[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+{quote}"
        self._whole = re.compile(whole, re.DOTALL)
        """Quoted fields; and, outside them, what a backslash takes its meaning from."""
        self._opening = re.compile(f"{starts}{quote}")

    def watch(self, lines: Iterable[str]) -> Iterator[str]:
        """The same lines."""
        begun = ""  # what stands for the part of a record that lines above began
        for line in lines:
            if begun or self._quote in line or self._escape in line:
                begun = self._find_begun(begun + line)
            self.records += not begun
            self.characters += len(line)
            self.open_characters = self.open_characters + len(line) if begun else 0
            yield line

    def _find_begun(self, text: str) -> str:
        """What stands for the record that a text leaves open; '' when it ends there."""
        rest = self._whole.sub(IN_FIELD, text)
        if self._quote in rest and self._opening.search(rest):
            return self._quote
        return IN_FIELD if text.endswith(LINE_ENDS) and not rest.endswith(LINE_ENDS) else ""
