"""Forms of a sheet's and of the shared texts' XML that every reader understands alike.

A fast reader is no XML parser: one blank more inside a tag, a comment or a second prefix, and it loses a cell or takes
it for another, without a word. So the XML is matched as a whole against what spreadsheet programs write, by Polars'
regular expressions (linear time, 400 MB/s), and anything else is refused.
"""

import functools
from collections.abc import Collection
from dataclasses import dataclass

WS = r"[ \t\r\n]"
RUN_TAGS = "b|i|u|strike|outline|shadow|condense|extend|sz|color|rFont|family|charset|scheme|vertAlign"
NAME, LONGER_NAME = r"[A-Za-z_][\w:.-]*", r"[A-Za-z_][\w:.-]+"
# No quote within quotes and no sharp bracket: where an attribute ends is then beyond doubt.
UNQUOTED = r"""[^"'<>]*"""
ATTRIBUTE = rf"""{WS}+{NAME}=(?:"{UNQUOTED}"|'{UNQUOTED}')"""
LOOSE_ATTRIBUTE = rf"""{WS}+{NAME}=(?:"[^"<>]*"|'[^'<>]*')"""
CDATA = r"<!\[CDATA\[(?:[^\]<]|<+[^/<\]]|\]+[^\]<>])*\]+\]>"  # without end tags, which would end it for the reader
TEXT = rf"(?:[^<]|{CDATA})*"
REFERENCE = r"[A-Z]{1,3}[1-9][0-9]{0,6}"
MOST_POINTERS = 100  # a longer pattern costs more than counting anew
NUMBER = r"[^<&\r]"  # a character of a number, truth or error; the reader resolves nothing there


@dataclass(frozen=True)
class SheetGrammar:
    """Patterns for Polars, to be matched against runs of whole rows."""

    plain: str
    """Rows as most programs write them: no formulas, texts in the shared part, no value that is empty."""
    any_form: str
    """Rows in any form that is read as it is meant."""
    values: str
    """A cell's value, if it holds something."""
    inline_texts: str
    """A cell's own text, if it holds something."""
    formulas: str
    formulas_without_value: str
    iso_dates: str


@dataclass(frozen=True)
class TextsGrammar:
    """Patterns for Polars, to be matched against runs of whole shared texts."""

    plain: str
    """Texts as most programs write them: of one look, none of them empty."""
    any_form: str
    """Texts in any form that is read as it is meant."""


@functools.cache
def build_sheet_grammar(prefix: str) -> SheetGrammar:
    """The grammar of a sheet whose elements carry this prefix, such as `x:`."""
    p = prefix
    formula = build_element(p, "f", TEXT)
    row = build_element(p, "row", rf"{WS}*(?:{build_cell(p)}{WS}*)*")
    plain_cell = rf"""<{p}c r="{REFERENCE}"(?: s="[0-9]{{1,6}}")?(?:/>|></{p}c>|"""
    plain_cell += rf"""(?: t="[nbe]")?><{p}v>{NUMBER}+</{p}v></{p}c>|"""
    plain_cell += rf""" t="(?:s"><{p}v>[0-9]{{1,9}}|str"><{p}v>[^<]+)</{p}v></{p}c>)"""
    number = rf"""<{p}c(?:{WS}+(?:[rs]|cm|vm|ph)=(?:"[^"<>]*"|'[^'<>]*')|{WS}+t=["']n["'])*{WS}*>{WS}*"""
    no_value = rf"<{p}v(?:{ATTRIBUTE})*{WS}*(?:/>|></{p}v>)"
    return SheetGrammar(
        plain=rf"^(?:<{p}row(?:{ATTRIBUTE})*(?:/>|>(?:{plain_cell})*</{p}row>))*$",
        any_form=rf"^{WS}*(?:{row}{WS}*)*$",
        values=rf"<{p}v(?:{ATTRIBUTE})*{WS}*>(?:[^<]|<!)",
        inline_texts=rf"<{p}is{WS}*>(?:{WS}|<(?:[^/<>!][^<>]*|/[^i<>][^<>]*)>)*[^< \t\r\n]",
        formulas=rf"<{p}f[ \t\r\n/>]",
        formulas_without_value=rf"(?:{number}{formula}{WS}*{no_value}|{formula}){WS}*</{p}c>",
        iso_dates=rf"""<{p}c(?:{ATTRIBUTE})*{WS}t=["']d["']""",
    )


def build_cell(prefix: str) -> str:
    """A cell, in each of its types with the values that it may have."""
    formula = rf"(?:{build_element(prefix, 'f', TEXT)}{WS}*)?"
    text, number, pointer = (build_element(prefix, "v", values) for values in (TEXT, f"{NUMBER}*", "[0-9]{0,9}"))
    own_text = build_element(prefix, "is", build_text_grammar(prefix), attributes="")
    forms = (
        (build_cell_attributes("n|b|e", is_type_needed=False), rf"{formula}(?:{number}{WS}*)?"),
        (build_cell_attributes("s"), rf"{formula}(?:{pointer}{WS}*)?"),
        (build_cell_attributes("str|inlineStr|d"), rf"{formula}(?:(?:{text}|{own_text}){WS}*)?"),
    )
    cells = (rf"<{prefix}c{attributes}{WS}*(?:/>|>{WS}*{content}</{prefix}c>)" for attributes, content in forms)
    return f"(?:{'|'.join(cells)})"


@functools.cache
def build_texts_grammar(prefix: str) -> TextsGrammar:
    """The grammar of shared texts whose elements carry this prefix."""
    text = build_element(prefix, "si", build_text_grammar(prefix))
    plain_text = rf"<{prefix}si><{prefix}t(?:{ATTRIBUTE})?>[^<]+</{prefix}t></{prefix}si>{WS}*"
    return TextsGrammar(plain=rf"^(?:{plain_text})*$", any_form=rf"^{WS}*(?:{text}{WS}*)*$")


def build_element(prefix: str, name: str, content: str, *, attributes: str = rf"(?:{ATTRIBUTE})*") -> str:
    """An element with or without content; white space in its end tag would lose it."""
    return rf"<{prefix}{name}{attributes}{WS}*(?:/>|>{content}</{prefix}{name}>)"


def build_pointer_grammar(prefix: str, texts: Collection[int]) -> str:
    """Cells that point at some of the shared texts; of very many texts only the first are known."""
    known = "|".join(str(text) for text in sorted(texts)[:MOST_POINTERS])
    formula = rf"(?:{build_element(prefix, 'f', TEXT)}{WS}*)?"
    return rf"""[ \t\r\n]t=["']s["'][^<>]*>{WS}*{formula}<{prefix}v>(?:{known})</{prefix}v>"""


def build_cell_attributes(types: str, *, is_type_needed: bool = True) -> str:
    """A cell's attributes in any order; where it stands and its type at most once."""
    others = rf"(?:{build_attribute('s', '[0-9]{1,6}')}|{build_attribute(LONGER_NAME, UNQUOTED)})*"
    place = build_attribute("r", REFERENCE) + others
    kind = build_attribute("t", f"(?:{types})") + others
    optional = "" if is_type_needed else "?"
    return rf"{others}(?:{place}(?:{kind}){optional}|{kind}(?:{place})?){optional}"


def build_attribute(name: str, value: str) -> str:
    """An attribute in quotes of either kind."""
    return rf"""{WS}+{name}=(?:"{value}"|'{value}')"""


def build_text_grammar(prefix: str) -> str:
    """What `is` and `si` hold: plain text, runs of formatted text, and how it is pronounced."""
    text = build_element(prefix, "t", TEXT)
    look = rf"(?:{WS}|</?{prefix}(?:{RUN_TAGS})(?:{LOOSE_ATTRIBUTE})*{WS}*/?>)*"
    run_look = build_element(prefix, "rPr", look)
    run = build_element(prefix, "r", rf"{WS}*(?:{run_look}{WS}*)?{text}{WS}*")
    sound = build_element(prefix, "rPh", rf"{WS}*{text}{WS}*")
    sound_look = build_element(prefix, "phoneticPr", "")
    return rf"{WS}*(?:(?:{text}|{run}|{sound}|{sound_look}){WS}*)*"
