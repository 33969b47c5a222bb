"""Turns texts with HTML markup into plain text."""

import html
import re

import nh3
import polars as pl

from data_pipeline.transform.step import ColumnsOptions, map_distinct, require_type

# Their content is no text for a reader.
UNREAD = {"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "title", "head"}
# What a browser begins a new line for.
BREAKS = re.compile(r"<\s*/?\s*(?:br|p|div|li|tr|h[1-6]|table|ul|ol|blockquote|hr|td|th)\b[^<>]*>", re.IGNORECASE)
LEAST_MARKUP = r"[<&]"
MOST_PASSES = 8  # a text escaped more often wants to get through


class Options(ColumnsOptions):
    """What is stripped."""


def apply(rows: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Removes tags, comments, and scripts and styles with their content; entities become the characters they mean.

    What is left holds no markup, however often it was escaped: stripping it again changes nothing.
    Example:
        >>> rows = pl.DataFrame({"note": ["<p>Soap <b>50&nbsp;ml</b></p><script>steal()</script>", "3 < 5", None]})
        >>> apply(rows, Options(columns=("note",)))["note"].to_list()
        ['Soap 50\\xa0ml', '3 < 5', None]
    """
    require_type(rows, options.columns, "text")
    return rows.with_columns(strip_column(rows[column]) for column in options.columns)


def strip_column(texts: pl.Series) -> pl.Series:
    """Only texts that may hold markup are parsed."""
    is_marked = texts.str.contains(LEAST_MARKUP).fill_null(value=False)
    marked = is_marked.arg_true()
    return texts.scatter(marked, map_distinct(texts.gather(marked), strip)) if len(marked) else texts


def strip(text: str) -> str:
    """One text without markup; where a browser breaks the line there is a space."""
    for _ in range(MOST_PASSES):
        stripped = strip_once(text)
        if stripped == text:
            return stripped
        text = stripped
    return text.replace("<", "").replace("&", "")


def strip_once(text: str) -> str:
    """Without its tags; what was escaped in it may be markup now."""
    cleaned = nh3.clean(BREAKS.sub(lambda found: f" {found[0]}", text), tags=set(), clean_content_tags=UNREAD)
    return html.unescape(cleaned).strip()
