"""Attacks by how a text is bytes: encodings, marks, damage."""

import codecs
from collections.abc import Callable

from data_pipeline_tests.ingest.siege import Attack, Table
from data_pipeline_tests.ingest.text.attack import (
    BEYOND,
    HEADER,
    HEADER_LINE,
    LINES,
    SOUND,
    expect,
    join,
    list_records,
    read_as,
    refused,
)

RUSSIAN = "Молоко пастеризованное Хлеб ржаной Сыр российский Масло сливочное Кефир Творог Колбаса варёная Яблоки Груши"
POLISH = "Łódź Gdańsk Wrocław żółty ćma święto książka będzie źródło ręka ławka mąka"
GREEK = "Καλημέρα κόσμε γάλα ψωμί τυρί βούτυρο Αθήνα Θεσσαλονίκη ελιές νερό κρασί"
TURKISH = "İstanbul şeker Dağcı kırmızı yoğurt gümüş ışık ağaç tuğla balık çiçek"
JAPANESE = "こんにちは 牛乳 パン 日本語 東京都 大阪府 名古屋市 りんご みかん さかな"
CHINESE = "牛奶面包 北京市朝阳区 上海市浦东 广州天河 苹果香蕉 蔬菜水果 饮料零食 洗发水"
KOREAN = "우유 한국어 서울시 강남구 부산 대구 사과 바나나 채소 과일 음료수 과자 샴푸 비누"
WESTERN = "Crème Müller Señor Göteborg Français José Straße Rødgrød Café fête"
THAI = "นม ขนมปัง กรุงเทพ เชียงใหม่ แอปเปิ้ล กล้วย"
HEBREW = "חלב לחם גבינה ירושלים תפוחים בננות ירקות פירות משקאות שמפו סבון"
ARABIC = "حليب خبز جبن زبدة تفاح موز خضار فواكه مشروبات صابون شامبو"


def tabulate(words: str) -> Table:
    """A list with a word a record."""
    return (HEADER, *((f"{number:04}", word, "7") for number, word in enumerate(words.split(), start=1)))


def encode(words: str, codec: str) -> bytes:
    """The list in an encoding."""
    return join(tabulate(words)).encode(codec)


MANY = join([HEADER, *list_records(BEYOND)])
NAME = "Sabun 60000"  # behind the sample


def late(name: bytes, codec: str = "utf-8") -> bytes:
    """A long list in which one name behind the sample is these bytes."""
    return MANY.encode(codec).replace(NAME.encode(codec), name)


def expect_late(name: str) -> Callable[[], Table]:
    """The table of such a list."""
    return expect(BEYOND, {60_000: ("060000", name, "0")})


UNICODE: list[Attack] = [
    *(read_as(f"{codec}{' with its mark' if mark else ''}", mark + LINES.encode(codec))
      for codec, mark in (
          ("utf-8", b""), ("utf-8", codecs.BOM_UTF8),
          ("utf-16-le", b""), ("utf-16-le", codecs.BOM_UTF16_LE),
          ("utf-16-be", b""), ("utf-16-be", codecs.BOM_UTF16_BE),
          ("utf-32-le", b""), ("utf-32-le", codecs.BOM_UTF32_LE),
          ("utf-32-be", b""), ("utf-32-be", codecs.BOM_UTF32_BE),
      )),
    *(read_as(f"a long list in {codec} without a mark", MANY.encode(codec), expect(BEYOND))
      for codec in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")),
    *(read_as(f"Japanese in {codec} without a mark", encode(JAPANESE, codec), tabulate(JAPANESE))
      for codec in ("utf-16-le", "utf-16-be", "utf-32-le")),
    read_as("a mark above the line sep=", codecs.BOM_UTF8 + b"sep=;\n" + LINES.replace(",", ";").encode()),
    read_as("two marks", codecs.BOM_UTF8 * 2 + LINES.encode()),
    read_as("a mark in the middle, as joined files have it", LINES.replace("0002", "\ufeff0002"),
            (HEADER, SOUND[1], ("\ufeff0002", "Kopi", "0"))),
    refused("a mark of UTF-16 before UTF-8", codecs.BOM_UTF16_LE + LINES.encode(), "WRONG_ENCODING", "EMPTY_FILE",
            "NO_HEADER"),
    refused("a mark of UTF-8 before UTF-16", codecs.BOM_UTF8 + LINES.encode("utf-16-le"), "NUL_BYTES",
            "WRONG_ENCODING"),
    refused("UTF-16 with an odd byte at the end", LINES.encode("utf-16") + b"\n", "WRONG_ENCODING"),
    refused("UTF-16 with half a surrogate", LINES.encode("utf-16") + b"\x00\xd8\x0a\x00", "WRONG_ENCODING"),
    refused("long UTF-16 with an odd byte at the end", codecs.BOM_UTF16_LE + MANY.encode("utf-16-le") + b"\n",
            "WRONG_ENCODING"),
    refused("UTF-8 behind a beginning in UTF-16", codecs.BOM_UTF16_LE + MANY.encode("utf-16-le") + MANY.encode(),
            "WRONG_ENCODING", "AMBIGUOUS_DIALECT"),
    refused("UTF-32 with a character that does not exist", codecs.BOM_UTF32_LE + b"\x00\x00\x11\x00" * 8,
            "WRONG_ENCODING"),
    *(refused(f"only a mark of {name}", mark, "EMPTY_FILE") for name, mark in (
        ("UTF-8", codecs.BOM_UTF8), ("UTF-16", codecs.BOM_UTF16_LE), ("UTF-32", codecs.BOM_UTF32_BE))),
    read_as("what may be UTF-7", b"SKU,Nama\n1,Caf+AOk-\n", (("SKU", "Nama"), ("1", "Caf+AOk-"))),
]  # fmt: skip

DAMAGE: list[Attack] = [
    refused("one byte that is no UTF-8", LINES.replace("Sabun", "Crème").encode().replace(b"Kopi", b"Caf\xe9"),
            "WRONG_ENCODING", "AMBIGUOUS_ENCODING"),
    refused("one byte that is no UTF-8 behind the sample", late(b"Caf\xe9"), "WRONG_ENCODING"),
    refused("UTF-8 behind a sample of ASCII, broken off", MANY.encode() + "060001,Caf\u00e9".encode()[:-1],
            "WRONG_ENCODING"),
    read_as("UTF-8 behind a sample of ASCII", late("Crème brûlée".encode()), expect_late("Crème brûlée")),
    refused("a character broken off at the end", (LINES + "0003,Crème").encode()[:-3], "WRONG_ENCODING",
            "AMBIGUOUS_ENCODING"),
    refused("a longer character broken off at the end", (LINES + "0003,牛奶,7\n0004,牛").encode()[:-1],
            "WRONG_ENCODING"),
    refused("surrogates in UTF-8", LINES.encode().replace(b"Sabun", b"\xed\xa0\x80"), "WRONG_ENCODING",
            "AMBIGUOUS_ENCODING"),
    refused("NUL in two bytes", LINES.encode().replace(b"Sabun", b"Sa\xc0\x80n"), "WRONG_ENCODING",
            "AMBIGUOUS_ENCODING", "NUL_BYTES"),
    refused("a comma in two bytes", LINES.encode().replace(b"Sabun", b"Sa\xc0\xacn"), "WRONG_ENCODING",
            "AMBIGUOUS_ENCODING"),
    refused("a byte that is in no encoding", LINES.encode().replace(b"Sabun", b"Sa\x81n"), "AMBIGUOUS_ENCODING",
            "WRONG_ENCODING"),
    refused("one NUL", LINES.replace("Sabun", "Sa\0bun"), "NUL_BYTES"),
    refused("a NUL in the header", LINES.replace("Nama", "Na\0ma"), "NUL_BYTES"),
    refused("a NUL behind the sample", late(b"Sa\0bun"), "NUL_BYTES"),
    refused("a NUL at the end", LINES + "\0", "NUL_BYTES"),
    refused("a NUL behind a long list", MANY + "\0", "NUL_BYTES"),
    refused("a block of NULs at the end", LINES.encode() + bytes(4096), "NUL_BYTES", "WRONG_ENCODING"),
    refused("a block of NULs in the middle", MANY.encode()[:4096] + bytes(4096) + MANY.encode()[8192:], "NUL_BYTES"),
    refused("a block of NULs at the beginning", bytes(4096) + LINES.encode(), "NUL_BYTES", "UNREADABLE_FILE"),
    refused("only NULs", bytes(1 << 20), "UNREADABLE_FILE", "NUL_BYTES"),
    refused("a NUL in UTF-16", LINES.replace("Sabun", "Sa\0bun").encode("utf-16"), "NUL_BYTES"),
    read_as("one escape character", LINES.replace("Sabun", "Sa\x1b[1mbun"),
            (HEADER, ("0001", "Sa\x1b[1mbun", "7"), SOUND[2])),
    refused("control characters", bytes(range(1, 128)) * 8, "WRONG_CONTENT"),
    refused("bytes by chance", bytes(number * number * 2654435761 >> 13 & 0xFF for number in range(50_000)),
            "WRONG_CONTENT", "NUL_BYTES", "AMBIGUOUS_ENCODING", "WRONG_ENCODING"),
]  # fmt: skip

OLD: list[Attack] = [
    *(read_as(f"{language} in {codec}", encode(words, codec), tabulate(words), "ENCODING_ASSUMED")
      for language, words, codec in (
          ("Western text", WESTERN, "cp1252"), ("Western text", WESTERN, "latin-1"), ("Russian", RUSSIAN, "cp1251"),
          ("Russian", RUSSIAN, "koi8_r"), ("Russian", RUSSIAN, "cp866"), ("Polish", POLISH, "cp1250"),
          ("Greek", GREEK, "cp1253"), ("Turkish", TURKISH, "cp1254"), ("Japanese", JAPANESE, "cp932"),
          ("Chinese", CHINESE, "gb18030"), ("Hebrew", HEBREW, "cp1255"),
      )),
    *(refused(f"one word of {codec}", f"{HEADER_LINE}1,{word},7\n".encode(codec), "AMBIGUOUS_ENCODING")
      for word, codec in (("Привет", "cp1251"), ("Plzeň", "cp1250"), ("İstanbul", "cp1254"), ("牛奶", "gb18030"),
                          ("東京", "cp932"), ("Müller", "cp850"), ("Γάλα", "cp1253"))),
    *(refused(f"{language} in {codec}", encode(words, codec), "AMBIGUOUS_ENCODING", "WRONG_ENCODING")
      for language, words, codec in (
          ("Thai", THAI, "cp874"), ("Polish", POLISH, "cp852"), ("Polish", POLISH, "mac_latin2"),
          ("Western text", WESTERN, "cp037"), ("Arabic", ARABIC, "cp1256"), ("Korean", KOREAN, "cp949"),
      )),
    refused("Japanese in ISO-2022", encode(JAPANESE, "iso2022_jp"), "AMBIGUOUS_ENCODING"),
    refused("a few old words behind the sample", late("Crème".encode("cp1252")), "WRONG_ENCODING"),
    refused("UTF-8 above cp1252", LINES.replace("Sabun", "Crème brûlée").encode() + "3,Café,1\n".encode("cp1252"),
            "WRONG_ENCODING"),
    refused("Russian above Western text", encode(RUSSIAN, "cp1251") + "9,Crème,1\n".encode("cp1252"),
            "AMBIGUOUS_ENCODING"),
    read_as("texts that were read wrongly once", LINES.replace("Sabun", "CafÃ©"), (HEADER, ("0001", "CafÃ©", "7"),
            SOUND[2]), "MOJIBAKE"),
    read_as("texts that were read wrongly twice", LINES.replace("Sabun", "CafÃƒÂ©"),
            (HEADER, ("0001", "CafÃƒÂ©", "7"), SOUND[2]), "MOJIBAKE"),
    read_as("texts that were lost before", LINES.replace("Sabun", "Caf\ufffd"),
            (HEADER, ("0001", "Caf\ufffd", "7"), SOUND[2])),
]  # fmt: skip

ENCODING_ATTACKS = [*UNICODE, *DAMAGE, *OLD]
