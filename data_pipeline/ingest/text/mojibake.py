"""Texts -> those whose UTF-8 somebody read as cp1252 and saved again, with what was meant."""

import re
import unicodedata
from collections.abc import Iterable

import polars as pl

from data_pipeline.model.findings import Finding

MOST_TEXTS, TOLD = 2_000, 20  # of a column that are looked at; that a finding names
MOST_ROUNDS = 3  # of reading wrongly and saving again

# Programs read the five bytes that cp1252 leaves out, and as Latin-1 all of 0x80 to 0x9F, as control characters.
CP1252 = [bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(256)]
BYTES = {chr(byte): byte for byte in range(256)} | {character: byte for byte, character in enumerate(CP1252)}
ENDING = "”’›»…–—“‘"  # may just as well stand behind a capital letter at the end of a word
TRAIL = re.escape("".join(character for character, byte in BYTES.items() if 0x80 <= byte < 0xC0))
# What files hold and no more, since 'É™' may be meant as it is: Latin letters and signs, Greek and Cyrillic words,
# punctuation and currency, words of other scripts, emoji.
MOJIBAKE = re.compile(
    f"[ÂÃÄÅ](?:(?![{ENDING}])[{TRAIL}]|[{ENDING}](?=\\w))"
    f"|(?:[ÎÏÐÑ][{TRAIL}]){{2,}}|(?:â[{TRAIL}]{{2}})+|(?:[áãäåæçèéê][{TRAIL}]{{2}}){{2,}}|(?:ð[Ÿ\x9f][{TRAIL}]{{2}})+"
)


def note_mojibake(cells: pl.DataFrame, *, name: str) -> list[Finding]:
    """What is told of a file whose texts were read wrongly before it was saved: they are published as they stand."""
    foreign = [
        cells[column].filter(cells[column].str.len_bytes() > cells[column].str.len_chars()) for column in cells.columns
    ]
    found = find_mojibake(pl.concat(texts.unique(maintain_order=True).head(MOST_TEXTS) for texts in foreign))
    if not found:
        return []
    text, meant = found[0]
    message = f"{name}: {len(found)} texts were once saved in the wrong encoding, such as {text!r} for {meant!r}"
    return [Finding(code="MOJIBAKE", message=message, rows=len(found), details={"texts": dict(found[:TOLD])})]


def find_mojibake(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Each text that was read wrongly once, with what was meant.

    Example:
        >>> find_mojibake(["CafÃ©", "Café"])
        [('CafÃ©', 'Café')]
    """
    repaired = ((text, repair(text)) for text in texts if not text.isascii())
    return [(text, meant) for text, meant in dict(repaired).items() if meant != text]


def repair(text: str) -> str:
    """What was meant, after several rounds if need be."""
    for _ in range(MOST_ROUNDS):
        meant = MOJIBAKE.sub(decode_again, text)
        if meant == text:
            break
        text = meant
    return text


def decode_again(found: re.Match[str]) -> str:
    """The characters whose bytes a match is; itself when they are none that a file holds."""
    try:
        meant = bytes(BYTES[character] for character in found[0]).decode()
    except UnicodeDecodeError:
        return found[0]
    return found[0] if any(unicodedata.category(character) in ("Cc", "Cn", "Co") for character in meant) else meant
