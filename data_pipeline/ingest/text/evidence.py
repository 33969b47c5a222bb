"""What a codec makes of the words of a sample, and whether another makes as much of them."""

from dataclasses import dataclass

from data_pipeline.ingest.text import alphabets
from data_pipeline.ingest.text.alphabets import Family, fits, is_smooth, share_language

WESTERN = Family("Latin", alphabets.WESTERN)
CENTRAL = Family("Latin", alphabets.CENTRAL)
TURKISH = Family("Latin", alphabets.TURKISH)
BALTIC = Family("Latin", alphabets.BALTIC)
CYRILLIC = Family("Cyrillic", alphabets.CYRILLIC)
GREEK = Family("Greek", alphabets.GREEK)
# The codec's name as charset-normalizer says it.
FAMILIES = {
    "cp1252": WESTERN,
    "cp1250": CENTRAL,
    "cp1251": CYRILLIC,
    "cp1253": GREEK,
    "cp1254": TURKISH,
    "cp1255": Family("Hebrew", alphabets.HEBREW),
    "cp1256": Family("Arabic", alphabets.ARABIC),
    "cp1257": BALTIC,
    "iso8859_2": CENTRAL,
    "iso8859_5": CYRILLIC,
    "koi8_r": CYRILLIC,
    "cp866": CYRILLIC,
    "mac_cyrillic": CYRILLIC,
    "cp437": WESTERN,
    "cp850": WESTERN,
    "mac_roman": WESTERN,
}
RIVAL_SHARE = 0.8  # of its words fit, so that a codec has to be reckoned with
SMOOTH_SHARE = 0.7
ADVANTAGE = 0.25
MANY_WORDS = 10
ONE_LANGUAGE, PERHAPS_ONE_LANGUAGE = 0.95, 0.85  # share of letters; the rest are names from elsewhere


@dataclass(frozen=True)
class Evidence:
    """What a codec makes of the words of a sample."""

    codec: str
    words: dict[bytes, str] | None
    """Every run of letters that is not all ASCII; None when the codec cannot read the sample."""

    def describe(self) -> str:
        """How many words speak for it."""
        return f"{len(self.words or ())} words beyond ASCII look right in it"

    @property
    def family(self) -> Family:
        """The languages that the codec serves."""
        return FAMILIES[self.codec]

    @property
    def share(self) -> float:
        """Of the words that fit the family; 1 without words, 0 when there is no reading."""
        if not self.words:
            return 0.0 if self.words is None else 1.0
        return sum(fits(word, self.family) for word in self.words.values()) / len(self.words)

    @property
    def smoothness(self) -> float:
        """Share of the words that fit and have vowels where words have them."""
        words = (self.words or {}).values()
        return sum(fits(word, self.family) and is_smooth(word) for word in words) / max(1, len(words))

    @property
    def language_share(self) -> float:
        """Of the letters that belong to the one language that has most of them."""
        return share_language((self.words or {}).values(), self.family)

    def among(self, other: "Evidence") -> "Evidence":
        """The evidence of those words alone that another codec reads otherwise."""
        theirs = other.words or {}
        return Evidence(self.codec, {key: word for key, word in (self.words or {}).items() if word != theirs.get(key)})


def weigh(sample: bytes, tokens: list[bytes], codec: str) -> Evidence:
    """What a codec makes of the words of a sample; nothing if it cannot read all of it."""
    try:
        sample.decode(codec)
    except UnicodeDecodeError:
        return Evidence(codec, None)
    return Evidence(codec, {token: token.decode(codec) for token in tokens})


def is_as_likely(other: Evidence, evidence: Evidence) -> bool:
    """Whether the words that two codecs read differently look as well under the other."""
    if not is_possible(other, evidence):
        return False
    theirs = other.among(evidence)
    return theirs.language_share >= PERHAPS_ONE_LANGUAGE or evidence.language_share < ONE_LANGUAGE


def is_likelier(other: Evidence, evidence: Evidence) -> bool:
    """Whether one language has what another codec makes of the words, and none has what this one does."""
    is_one_language = other.language_share >= ONE_LANGUAGE > evidence.language_share
    return is_one_language and is_possible(other, evidence)


def is_beaten(other: Evidence, evidence: Evidence) -> bool:
    """Whether what another codec makes of the words is clearly worse, or many words of no one language."""
    theirs = other.among(evidence)
    is_jumble = len(theirs.words or ()) >= MANY_WORDS and theirs.language_share < PERHAPS_ONE_LANGUAGE
    return is_jumble or not is_possible(other, evidence)


def is_possible(other: Evidence, evidence: Evidence) -> bool:
    """Whether the words that two codecs read differently are not clearly worse under the other."""
    theirs, ours = other.among(evidence), evidence.among(other)
    if not theirs.words or theirs.share < RIVAL_SHARE:
        return False
    return ours.smoothness < SMOOTH_SHARE or theirs.smoothness > ours.smoothness - ADVANTAGE
