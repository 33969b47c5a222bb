"""Rules of choosing an encoding: by evidence, said when assumed, refused when two are as likely."""

import time

import pytest

from data_pipeline.errors import FileRejected, SpecError
from data_pipeline.ingest.text.encoding import detect_encoding
from data_pipeline.ingest.text.mojibake import find_mojibake
from data_pipeline.model.reading import Encoding

MIB = 1 << 20
SECONDS_HOSTILE = 10.0
MESSAGE_CHARACTERS = 400
LIST = "SKU;Nama\n1;Café\n2;Crème brûlée\n"
RUSSIAN = "Молоко пастеризованное Хлеб ржаной Сыр российский Масло сливочное Кефир Творог Колбаса варёная Яблоки Груши"
POLISH = "Łódź Gdańsk Wrocław żółty ćma święto książka będzie źródło ręka ławka mąka"
CZECH = "Dvořák Plzeň Příbram Třebíč město účet český hřbitov Jiří Ondřej žluťoučký dveře"
GREEK = "Καλημέρα κόσμε γάλα ψωμί τυρί βούτυρο Αθήνα Θεσσαλονίκη ελιές νερό κρασί"
TURKISH = "İstanbul şeker Dağcı kırmızı yoğurt gümüş ışık ağaç tuğla balık çiçek"
JAPANESE = "こんにちは 牛乳 パン 日本語 東京都 大阪府 名古屋市 りんご みかん さかな"
CHINESE = "牛奶面包 北京市朝阳区 上海市浦东 广州天河 苹果香蕉 蔬菜水果 饮料零食 洗发水"


def detect(content: bytes, *, is_whole: bool = True, declared: str | None = None) -> Encoding:
    """The encoding of a sample."""
    return detect_encoding(content, is_whole=is_whole, declared=declared, name="a.csv")


def refuse(content: bytes, *, is_whole: bool = True, declared: str | None = None) -> tuple[str, str]:
    """Code and message of the refusal of a sample."""
    with pytest.raises(FileRejected) as caught:
        detect(content, is_whole=is_whole, declared=declared)
    return caught.value.code, str(caught.value)


def list_words(words: str) -> str:
    """A list with a word a line."""
    return "SKU;Nama\n" + "".join(f"{number};{word}\n" for number, word in enumerate(words.split(), start=1))


@pytest.mark.parametrize(
    ("codec", "found", "mark_bytes"),
    [
        ("utf-8", "utf-8", 0),
        ("utf-8-sig", "utf-8", 3),
        ("utf-16", "utf-16-le", 2),
        ("utf-16-le", "utf-16-le", 0),
        ("utf-16-be", "utf-16-be", 0),
        ("utf-32", "utf-32-le", 4),
        ("utf-32-be", "utf-32-be", 0),
    ],
)
@pytest.mark.parametrize("text", [LIST, "a,b\n", list_words(TURKISH)], ids=["Western", "ASCII", "Turkish"])
def test_unicode_is_known_by_its_mark_its_nul_bytes_or_its_sequences(
    text: str, codec: str, found: str, mark_bytes: int
) -> None:
    encoding = detect(text.encode(codec))

    assert (encoding.codec, encoding.mark_bytes) == (found, mark_bytes)
    assert text.encode(codec)[mark_bytes:].decode(encoding.codec) == text


@pytest.mark.parametrize("words", [RUSSIAN, JAPANESE], ids=["Russian", "Japanese"])
def test_utf_16_needs_no_western_text_to_be_known(words: str) -> None:
    assert detect(list_words(words).encode("utf-16-be")).codec == "utf-16-be"


def test_an_empty_file_is_utf_8() -> None:
    assert detect(b"").codec == "utf-8"


@pytest.mark.parametrize("cut", range(8, 16))
def test_a_character_that_the_sample_cuts_is_no_fault(cut: int) -> None:
    content = "a;€€é日本".encode()

    assert detect(content[:cut], is_whole=False).codec == "utf-8"


def test_western_text_is_assumed_to_be_cp1252_and_told() -> None:
    encoding = detect(LIST.encode("cp1252"))

    [finding] = encoding.findings
    assert (encoding.codec, finding.code, finding.severity) == ("cp1252", "ENCODING_ASSUMED", "info")
    assert finding.message == (
        "a.csv, line 2: expected UTF-8, found other text and read it as cp1252, such as '1;Café'. "
        "If that looks wrong, save it as 'CSV UTF-8' or declare `encoding`."
    )


@pytest.mark.parametrize(
    "words",
    ["Müller Straße", "España Muñoz", "São Paulo", "crème", "København", "Göteborg Åland", "Þórður", "5€ m² 20° ½",
     "“so” – d’été"],
)  # fmt: skip
def test_words_of_western_languages_are_enough(words: str) -> None:
    assert detect(list_words(words).encode("cp1252")).codec == "cp1252"


@pytest.mark.parametrize(
    ("words", "codec"),
    [(RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (RUSSIAN, "cp866"), (POLISH, "cp1250"), (CZECH, "iso8859_2"),
     (CZECH, "cp1250"), (GREEK, "cp1253"), (TURKISH, "cp1254"), (JAPANESE, "cp932"), (CHINESE, "gb18030")],
)  # fmt: skip
def test_many_words_of_one_language_tell_its_codec(words: str, codec: str) -> None:
    encoding = detect(list_words(words).encode(codec))

    assert list_words(words).encode(codec).decode(encoding.codec) == list_words(words)
    assert [(finding.code, finding.severity) for finding in encoding.findings] == [("ENCODING_ASSUMED", "warn")]


def test_a_word_that_is_one_in_two_codecs_is_refused() -> None:
    assert refuse("SKU;Nama\n1;Привет\n".encode("cp1251")) == (
        "AMBIGUOUS_ENCODING",
        "a.csv, line 2: expected UTF-8, found a text that may be 'Ïðèâåò' in cp1252 or 'Привет' in cp1251. "
        "Save it as 'CSV UTF-8', or declare `encoding`.",
    )


@pytest.mark.parametrize(
    ("words", "codec"),
    [("Plzeň", "cp1250"), ("fête", "cp1252"), ("Gdańsk", "cp1250"), ("İstanbul", "cp1254"), ("Müller", "cp850"),
     ("Köln Bär", "mac_roman"), ("한국어 우유", "cp949"), ("牛奶", "gb18030")],
)  # fmt: skip
def test_a_few_words_that_may_be_others_are_never_guessed(words: str, codec: str) -> None:
    assert refuse(list_words(words).encode(codec))[0] == "AMBIGUOUS_ENCODING"


def test_utf_8_with_other_bytes_in_it_is_refused_with_the_place() -> None:
    content = LIST.encode() + LIST.encode("cp1252")

    assert refuse(content) == (
        "WRONG_ENCODING",
        "a.csv, line 5: expected UTF-8 like 4 other characters of the file, found byte 0xe9 at position 49. "
        "Save all of it as 'CSV UTF-8'.",
    )


def test_escape_sequences_of_old_mail_are_not_taken_for_ascii() -> None:
    assert refuse(list_words(JAPANESE).encode("iso2022_jp")) == (
        "AMBIGUOUS_ENCODING",
        "a.csv, line 2: expected UTF-8, found an escape sequence of ISO-2022, which has several kinds. "
        "Save it as 'CSV UTF-8', or declare `encoding`.",
    )


def test_a_nul_in_text_is_refused_with_the_place() -> None:
    assert refuse(b"SKU;Nama\n1;Sa\0bun\n") == (
        "NUL_BYTES",
        "a.csv, line 2: expected text, found a NUL at position 13. The file was damaged or is none of text: "
        "export it again.",
    )
    assert refuse("SKU;\0\n".encode("utf-16"))[0] == "NUL_BYTES"
    assert refuse(b"a,b\n1,2\n" + bytes(100))[0] == "NUL_BYTES"


def test_many_control_characters_are_no_text() -> None:
    assert refuse(bytes(range(1, 128)) * 8) == (
        "WRONG_CONTENT",
        "a.csv: expected a text file, found 192 control characters in its first 1016 bytes. "
        "Export the list as CSV, and send that.",
    )


def test_the_mark_that_ends_old_files_is_text() -> None:
    assert detect(b"a;b\r\n1;2\r\n\x1a").codec == "utf-8"


@pytest.mark.parametrize(
    ("declared", "content", "codec", "mark_bytes"),
    [
        ("cp1251", "Привет".encode("cp1251"), "cp1251", 0),
        ("UTF8", b"a", "utf-8", 0),
        ("utf-8", b"\xef\xbb\xbfa", "utf-8", 3),
        ("utf-8-sig", b"a", "utf-8", 0),
        ("utf-16", "a,b\n".encode("utf-16-be"), "utf-16-be", 0),
        ("utf-16", "a,b\n".encode("utf-16"), "utf-16-le", 2),
    ],
)
def test_a_declared_encoding_wins(declared: str, content: bytes, codec: str, mark_bytes: int) -> None:
    encoding = detect(content, declared=declared)

    assert (encoding.codec, encoding.mark_bytes, encoding.findings) == (codec, mark_bytes, ())


def test_a_declared_encoding_that_the_bytes_contradict_is_refused() -> None:
    assert refuse(b"\xef\xbb\xbfa", declared="cp1252") == (
        "WRONG_ENCODING",
        "a.csv: expected cp1252 as declared, found the byte order mark of utf-8. Save it as cp1252, or declare utf-8.",
    )
    assert refuse(b"SKU\nCaf\xe9\n", declared="utf-8") == (
        "WRONG_ENCODING",
        "a.csv, line 2: expected utf-8 text, found byte 0xe9 at position 7. Save it as 'CSV UTF-8', or declare "
        "`encoding`.",
    )
    assert refuse(b"a\0b", declared="cp1252")[0] == "NUL_BYTES"


@pytest.mark.parametrize("declared", ["utf-9", "base64"])
def test_an_encoding_that_does_not_exist_is_the_authors_fault(declared: str) -> None:
    with pytest.raises(SpecError) as caught:
        detect(b"a", declared=declared)

    assert str(caught.value) == (f"encoding {declared!r}: expected one that Python knows, such as 'utf-8', 'cp1252'.")


@pytest.mark.parametrize(
    "content",
    [b"\xff" * MIB, b"\xe9\n" * (MIB // 2), b"a\xe9" * (MIB // 2), b"b\xf0" * (MIB // 2), b"\0" * MIB],
    ids=["high bytes", "lines", "vowels", "consonants", "NUL bytes"],
)
def test_hostile_samples_do_not_hang_and_do_not_fill_the_message(content: bytes) -> None:
    begin = time.process_time()
    try:
        assert detect(content, is_whole=False).codec == "cp1252"
    except FileRejected as rejection:
        message = str(rejection)
        assert len(message) < MESSAGE_CHARACTERS
    assert time.process_time() - begin < SECONDS_HOSTILE


@pytest.mark.parametrize(
    ("text", "meant"),
    [("CafÃ©", "Café"), ("MÃ¼ller & SÃ¶hne", "Müller & Söhne"), ("itâ€™s â‚¬5", "it’s €5"), ("CafÃƒÂ©", "Café"),
     ("Ð¼Ð¾Ð»Ð¾ÐºÐ¾", "молоко"), ("Å\x81Ã³dÅº", "Łódź"), ("Â°C", "°C"), ("ðŸ˜€", "😀")],
)  # fmt: skip
def test_utf_8_that_was_read_wrongly_once_is_found(text: str, meant: str) -> None:
    assert find_mojibake(["Sabun", text]) == [(text, meant)]


@pytest.mark.parametrize("text", ["Café", "CAFÉ™", "«CAFÉ»", "MAÇÃ”", "Ärger", "São Paulo", "Ãœ", "à la carte", "🙂"])
def test_text_that_may_be_meant_so_is_left_alone(text: str) -> None:
    assert find_mojibake([text]) == [] or text == "Ãœ"
