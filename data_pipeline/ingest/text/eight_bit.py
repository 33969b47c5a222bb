"""Bytes of text that is no Unicode -> Encoding, by what gives words.

cp1252 is assumed where its words look Western and under no other family as well. Another is believed only when many
words fit it, nothing else does, and charset-normalizer agrees; everything else is refused.
"""

import re
import unicodedata

from charset_normalizer import CharsetMatch, from_bytes

from data_pipeline.errors import FileRejected
from data_pipeline.ingest.text.alphabets import SIGNS
from data_pipeline.ingest.text.asian import find_asian
from data_pipeline.ingest.text.evidence import (
    FAMILIES,
    MANY_WORDS,
    ONE_LANGUAGE,
    Evidence,
    is_as_likely,
    is_beaten,
    is_likelier,
    weigh,
)
from data_pipeline.model.findings import Finding, Severity
from data_pipeline.model.reading import Encoding

EXTRACT_BYTES = 1 << 14
FIT_SHARE = 0.95
LEAST_COHERENCE = 0.3  # of charset-normalizer: how far the frequencies of letters are those of a language
CLEARLY = 0.1
RIVALS = ("cp1250", "cp1254", "cp1251", "cp1253")  # as usual as cp1252 is
WEAK_RIVALS = ("cp1257",)  # so rare that they have to be better
TOKEN = re.compile(rb"[A-Za-z\x80-\x9f\xa1-\xff]+")  # 0xA0 is a space in all of Windows' codecs
SHOWN_CHARACTERS = 40


def detect_eight_bit(sample: bytes, *, name: str) -> Encoding:
    """The encoding of text that is not UTF-8.

    Raises: FileRejected when it reads as well in two, or in none.
    """
    extract = take_extract(sample)
    tokens = [token for token in dict.fromkeys(TOKEN.findall(extract)) if not token.isascii() and not is_sign(token)]
    everything = {codec: weigh(sample, tokens, codec) for codec in ("cp1252", *RIVALS, *WEAK_RIVALS)}
    western = everything["cp1252"]
    rivals = [everything[codec] for codec in RIVALS if is_as_likely(everything[codec], western)]
    rivals += [everything[codec] for codec in WEAK_RIVALS if is_likelier(everything[codec], western)]
    if western.share >= FIT_SHARE and not rivals:
        return assume(sample, "cp1252", severity="info", evidence=western.describe(), name=name)
    everything |= {codec: weigh(sample, tokens, codec) for codec in FAMILIES if codec not in everything}
    asian = find_asian(sample, list(from_bytes(extract)))
    if asian is not None and western.share < FIT_SHARE:
        return assume(sample, asian, severity="warn", evidence="its characters are of one language", name=name)
    guesses = list(from_bytes(b" ".join(tokens)))
    for evidence in everything.values():
        if is_sure(evidence, list(everything.values()), guesses):
            return assume(sample, evidence.codec, severity="warn", evidence=evidence.describe(), name=name)
    rivals += sorted(everything.values(), key=lambda other: -other.share)
    raise ambiguous(sample, western, next(rival for rival in rivals if rival is not western), name=name)


def take_extract(sample: bytes) -> bytes:
    """Lines that are not all ASCII, so many that their words tell the language."""
    lines = dict.fromkeys(line for line in sample.split(b"\n") if not line.isascii())
    return b"\n".join(lines)[:EXTRACT_BYTES]


def is_sign(token: bytes) -> bool:
    """Whether a token is a sign such as a currency's that stands by itself, and says nothing about letters."""
    return len(token) == 1 and token.decode("cp1252", errors="replace") in SIGNS


def is_sure(evidence: Evidence, others: list[Evidence], guesses: list[CharsetMatch]) -> bool:
    """Whether many words fit a codec, all of one language, no other codec is as likely, and the guesses agree."""
    is_fitting = len(evidence.words or ()) >= MANY_WORDS and evidence.share >= FIT_SHARE
    if not is_fitting or evidence.language_share < ONE_LANGUAGE or evidence.codec in WEAK_RIVALS:
        return False
    if evidence.family.is_latin:
        is_named = any(names(guess, evidence.codec) for guess in guesses)
    else:
        is_named = is_clear(guesses, evidence) and names(guesses[0], evidence.codec)
    alike = [other for other in others if other.family.script == evidence.family.script]
    return is_named and all(is_beaten(other, evidence) for other in alike)


def names(guess: CharsetMatch, codec: str) -> bool:
    """Whether a guess is of that codec or of one that reads the same."""
    return codec in (guess.encoding, *guess.could_be_from_charset)


def is_clear(guesses: list[CharsetMatch], evidence: Evidence) -> bool:
    """Whether the first guess is well ahead of all in other scripts; words tell those in the same script apart."""
    if not guesses or guesses[0].coherence < LEAST_COHERENCE:
        return False
    best, others = guesses[0], [guess for guess in guesses if not is_in_script(guess, evidence.family.script)]
    return all(guess.chaos >= best.chaos + CLEARLY or guess.coherence <= best.coherence - CLEARLY for guess in others)


def is_in_script(guess: CharsetMatch, script: str) -> bool:
    """Whether half of the characters beyond ASCII are letters of a script."""
    beyond = [character for character in str(guess) if not character.isascii()]
    letters = sum(unicodedata.name(character, "").startswith(script.upper()) for character in beyond)
    return 2 * letters >= len(beyond)


def assume(sample: bytes, codec: str, *, severity: Severity, evidence: str, name: str) -> Encoding:
    """The codec, with an example by which a person sees whether it is right."""
    line, text = find_example(sample, codec)
    finding = Finding(
        code="ENCODING_ASSUMED",
        message=f"{name}, line {line}: expected UTF-8, found other text and read it as {codec}, such as {text!r}. "
        "If that looks wrong, save it as 'CSV UTF-8' or declare `encoding`.",
        severity=severity,
    )
    return Encoding(codec, evidence=f"{codec}, since it is not UTF-8 and {evidence}", findings=(finding,))


def find_example(sample: bytes, codec: str) -> tuple[int, str]:
    """The first line that is not all ASCII, with its number, shortened around what is not."""
    lines = sample.split(b"\n")
    number, line = next((number, line) for number, line in enumerate(lines, start=1) if not line.isascii())
    text = line.decode(codec, errors="replace").strip()
    first = next((place for place, character in enumerate(text) if not character.isascii()), 0)
    begin = max(0, first - SHOWN_CHARACTERS // 2)
    return number, text[begin : begin + SHOWN_CHARACTERS]


def ambiguous(sample: bytes, evidence: Evidence, other: Evidence, *, name: str) -> FileRejected:
    """The refusal of a file, by a word that two codecs read differently."""
    tokens = list(other.among(evidence).words or evidence.words or {b"": ""})
    token = tokens[0]
    line = sample.count(b"\n", 0, sample.find(token)) + 1
    shown = token[:SHOWN_CHARACTERS]
    readings = [f"{shown.decode(one.codec, errors='replace')!r} in {one.codec}" for one in (evidence, other)]
    return FileRejected(
        "AMBIGUOUS_ENCODING",
        f"{name}, line {line}: expected UTF-8, found a text that may be {' or '.join(readings)}. "
        "Save it as 'CSV UTF-8', or declare `encoding`.",
    )
