"""Which letters languages are written with, and whether a word looks as if it were one of theirs."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile

GERMAN = "äöüß"
WESTERN = {
    "German": GERMAN + "éèêàáç",
    "French": "àâæçéèêëîïôœùûü",
    "Spanish": "áéíóúüñç",
    "Portuguese": "áâãàçéêíóôõúü",
    "Italian": "àèéìíîòóùú",
    "Catalan": "àçèéíïòóúü",
    "Dutch": "áéíóúëïöüèêç",
    "Danish and Norwegian": "æøåéèêòôöäü",
    "Swedish and Finnish": "åäöéüàšž",
    "Icelandic": "áæéíðóöúýþ",
}
CENTRAL = {
    "Polish": "ąćęłńóśźż",
    "Czech": "áčďéěíňóřšťúůýž",
    "Slovak": "áäčďéíľňóôšťúýž",
    "Hungarian": "áéíóöőúüű",
    "Romanian": "ăâîşţ",
    "Croatian and Slovene": "čćđšž",
    "German": GERMAN,
}
RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
CYRILLIC = {
    "Russian and Bulgarian": RUSSIAN + "ё",
    "Ukrainian": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "Belarusian": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "Serbian and Macedonian": "абвгдђѓежзѕијклљмнњопрстћќуфхцчџш",
}
GREEK = {"Greek": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ"}
TURKISH = {"Turkish": "çğıöşüâîûi\u0307"}  # Python makes two characters of a small İ
BALTIC = {"Lithuanian": "ąčęėįšųūž", "Latvian": "āčēģīķļņšūž", "Estonian": "äöõüšž"}
HEBREW = {"Hebrew": "".join(map(chr, range(0x5D0, 0x5EB)))}
ARABIC = {"Arabic": "".join(map(chr, [*range(0x621, 0x63B), *range(0x641, 0x64B)])) + "پچژگ"}

BEFORE_WORD = "«“„‘‚‹¿¡•–—…·'’†‡"
BEHIND_WORD = "»”’›“™®©…–—•·°ªº'!‰"
POWER = re.compile("(?<=^[A-Za-zµ])[²³]$|(?<=^[A-Za-zµ]{2})[²³]$")  # m², cm³
INSIDE_WORD = re.compile("['’´·-]")
SIGNS = "€£¥¢§°±²³¼½¾×÷µ·ªº©®™–—…•«»“”‘’†‡‰\u00a0"
LONELY_LETTERS = "àèéìòóöåæøáíúâêôîïý"
LATIN_RUN = re.compile(r"[^\x00-\x7f]{4,}")

SHARED = set("áâäçéëíîóôöúüýß")  # the same in cp1250 and cp1252
BELOW_A0 = set("ŠšŽžŒœ")  # of cp1252; where DOS and Mac codecs have the letters that other languages need most
VOWELS_WITHOUT_BASE = "æøœı"
WEAK_VOWELS = "iuy"  # stand beside any other vowel
VOWEL_PAIRS = {"ão", "ãe", "õe", "aï", "oï", "eï", "où", "aù"}


@dataclass(frozen=True)
class Family:
    """Languages that one codec serves, with their small letters beyond ASCII."""

    script: str
    languages: Mapping[str, str]

    @property
    def is_latin(self) -> bool:
        """Whether its words mix with ASCII letters."""
        return self.script == "Latin"


def split_word(token: str) -> list[str] | None:
    """The words of a run of letters and signs; None when a sign stands where none would."""
    if all(character in SIGNS for character in token):
        return []
    words = INSIDE_WORD.split(POWER.sub("", token).lstrip(BEFORE_WORD).rstrip(BEHIND_WORD))
    return words if all(word.isalpha() or not word for word in words) else None


def fits(token: str, family: Family) -> bool:
    """Whether a run of letters and signs could be a word of the family, by its letters and their case."""
    words = split_word(token)
    return words is not None and all(is_spelled(word, family) for word in words if not word.isascii())


def is_spelled(word: str, family: Family) -> bool:
    """Whether the letters of a word are of one language and stand as those of a word do."""
    foreign = [letter for letter in word if not letter.isascii()]
    letters = set("".join(foreign).lower())
    if not any(letters.issubset(language) for language in family.languages.values()) or not is_cased(word):
        return False
    if not family.is_latin:
        return len(foreign) == len(word)
    if len(word) == 1:
        return word.lower() in LONELY_LETTERS
    is_doubtful = not BELOW_A0.isdisjoint(foreign) and not is_smooth(word)
    return 4 * len(foreign) <= 3 * len(word) and not LATIN_RUN.search(word) and not is_doubtful


def is_cased(word: str) -> bool:
    """Whether no capital letter follows a small one, unless both are ASCII as in iPhone."""
    pairs = zip(word, word[1:], strict=False)
    return not any(one.islower() and two.isupper() and not (one + two).isascii() for one, two in pairs)


def is_smooth(token: str) -> bool:
    """Whether vowels and consonants alternate around the letters by which Western and Central European codecs differ.

    'crème' and 'Dvořák' do; 'crčme' and 'Dvoøák', which are the same bytes, do not.
    """
    words = split_word(token.lower()) or []
    return not any(is_awkward(word, place) for word in words for place in range(len(word)))


def is_awkward(word: str, place: int) -> bool:
    """Whether a letter would not stand there."""
    letter = word[place]
    before, behind = word[max(0, place - 1) : place], word[place + 1 : place + 2]
    if letter.isascii() or letter in SHARED:
        return False
    if letter == "œ":
        return behind not in set("uietds")
    if letter in "èìòù" and not before and behind:
        return True
    if is_vowel(letter):
        strong = [other for other in (before, behind) if is_vowel(other) and other not in WEAK_VOWELS]
        return bool(strong) and not {before + letter, letter + behind} & VOWEL_PAIRS
    if letter in "ñń":
        return is_vowel(behind) != (letter == "ñ")
    return is_crowded(word, place)


def is_crowded(word: str, place: int) -> bool:
    """Whether a consonant stands among too many others, or behind one at the end of the word."""
    left = sum(1 for _ in takewhile(lambda letter: not is_vowel(letter), reversed(word[max(0, place - 2) : place])))
    right = sum(1 for _ in takewhile(lambda letter: not is_vowel(letter), word[place + 1 : place + 3]))
    return left + 1 + right >= 3 or (left > 0 and place == len(word) - 1)


def is_vowel(letter: str) -> bool:
    """Whether a letter, or none, is a vowel with or without an accent."""
    return bool(letter) and (unicodedata.normalize("NFD", letter)[0] in "aeiouy" or letter in VOWELS_WITHOUT_BASE)


def share_language(tokens: Iterable[str], family: Family) -> float:
    """The largest share of the letters beyond ASCII that one language has."""
    letters = [letter for token in tokens for letter in token.lower() if letter.isalpha() and not letter.isascii()]
    known = [sum(1 for letter in letters if letter in language) for language in family.languages.values()]
    return max(known) / len(letters) if letters else 1.0
