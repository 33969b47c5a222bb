"""Bytes of the old codecs of East Asia -> which of them, where only one gives its language."""

import re
from collections.abc import Callable
from functools import partial

from charset_normalizer import CharsetMatch

PUNCTUATION = "\u3000-\u303f\uff01-\uff5e·—…“”‘’×￥"
KANA = "\u3041-\u30ff"
HANZI = "\u4e00-\u9fff"
HANGUL = "\uac00-\ud7a3"
KANA_SHARE = 0.1  # of Japanese; Chinese has none
MANY_CHARACTERS = 20  # different ones


def find_asian(sample: bytes, guesses: list[CharsetMatch]) -> str | None:
    """The one codec whose language all lines are in, if charset-normalizer thinks so too."""
    lines = sample[: sample.rfind(b"\n") + 1] or sample  # the sample may cut a character in the last one
    found = [codec for codec, is_written in LANGUAGES.items() if is_written(decode_beyond(lines, codec))]
    named = {name for guess in guesses[:1] for name in (guess.encoding, *guess.could_be_from_charset)}
    return found[0] if len(found) == 1 and found[0] in named else None


def decode_beyond(lines: bytes, codec: str) -> str:
    """The characters beyond ASCII and punctuation; none when there are few, or the codec cannot read the lines."""
    try:
        text = lines.decode(codec)
    except UnicodeDecodeError:
        return ""
    beyond = re.sub(f"[\\x00-\\x7f{PUNCTUATION}]", "", text)
    return beyond if len(set(beyond)) >= MANY_CHARACTERS else ""


def is_japanese(text: str) -> bool:
    """Whether it is kana and kanji."""
    kana = len(re.findall(f"[{KANA}]", text))
    return kana > KANA_SHARE * len(text) and re.fullmatch(f"[{KANA}{HANZI}]*", text) is not None


def is_chinese(text: str, *, characters: str) -> bool:
    """Whether it is of the characters that a national standard has."""
    is_encodable = text.encode(characters, errors="ignore").decode(characters) == text
    return bool(text) and is_encodable and re.fullmatch(f"[{HANZI}]+", text) is not None


def is_korean(text: str) -> bool:
    """Whether it is Hangul."""
    return re.fullmatch(f"[{HANGUL}]+", text) is not None


LANGUAGES: dict[str, Callable[[str], bool]] = {
    "cp932": is_japanese,
    "euc_jp": is_japanese,
    "gb18030": partial(is_chinese, characters="gb2312"),
    "big5": partial(is_chinese, characters="big5"),
    "cp949": is_korean,
}
