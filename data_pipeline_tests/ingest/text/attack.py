"""What an attack on the readers of text is: bytes under a name, and what must come of them."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from data_pipeline_tests.ingest.siege import Attack, Table, Write
from data_pipeline_tests.ingest.text.reading import mark_ragged, shorten

FILE_NAME = "attack.csv"
MIB = 1 << 20
HEADER = ("SKU", "Nama", "Stok")
HEADER_LINE = "SKU,Nama,Stok\n"
SOUND: Table = (HEADER, ("0001", "Sabun", "7"), ("0002", "Kopi", "0"))
LINES = "SKU,Nama,Stok\n0001,Sabun,7\n0002,Kopi,0\n"
BEYOND = 70_000
"""Records that take more than the MiB which everything is decided by."""

Row = tuple[str, ...]
Content = str | bytes | Write


def refused(name: str, content: Content, *codes: str, file_name: str = FILE_NAME) -> Attack:
    """An attack that must end as one of these refusals."""
    return Attack(name, as_write(content), codes=frozenset(codes), file_name=file_name)


def read_as(
    name: str,
    content: Content,
    table: Table | Callable[[], Table] = SOUND,
    *findings: str,
    file_name: str = FILE_NAME,
    unless: tuple[str, ...] = (),
) -> Attack:
    """A file that must be read as that table, with these findings and no others, unless it ends as such a refusal."""
    write, codes = as_write(content), frozenset(unless)
    return Attack(name, write, codes, table=table, findings=frozenset(findings), file_name=file_name)


def as_write(content: Content) -> Write:
    """What writes a content; a text is UTF-8."""
    if callable(content):
        return content
    data = content.encode() if isinstance(content, str) else content
    return lambda path: path.write_bytes(data)


def with_pieces(*pieces: tuple[str | bytes, int]) -> Write:
    """A file of pieces, each repeated so many times; it never stands in memory as a whole."""

    def write(path: Path) -> None:
        with path.open("wb") as stream:
            for piece, times in pieces:
                unit = piece.encode() if isinstance(piece, str) else piece
                batch = max(1, min(times, MIB // len(unit)))
                for _ in range(times // batch):
                    stream.write(unit * batch)
                stream.write(unit * (times % batch))

    return write


def list_records(count: int, first: int = 0) -> Iterator[Row]:
    """Records of a list of products, each another one."""
    return ((f"{number:06}", f"Sabun {number}", str(number % 50)) for number in range(first, first + count))


def join(rows: Iterable[Row], delimiter: str = ",", newline: str = "\n") -> str:
    """Rows as text without quotes."""
    return "".join(delimiter.join(row) + newline for row in rows)


def changed(count: int, changes: dict[int, str], *, newline: str = "\n", delimiter: str = ",") -> Write:
    """A list of so many records, in which the lines of some, counted from 0, are others."""

    def write(path: Path) -> None:
        lines = [delimiter.join(record) + newline for record in list_records(count)]
        for place, line in changes.items():
            lines[place] = line
        path.write_bytes((delimiter.join(HEADER) + newline + "".join(lines)).encode())

    return write


def expect(count: int, changes: dict[int, Row | None] | None = None) -> Callable[[], Table]:
    """The table of a list of so many records, in which some are others; None: it is none."""
    places = changes or {}

    def build() -> Table:
        records = (places.get(place, record) for place, record in enumerate(list_records(count)))
        return shorten([HEADER, *(record for record in records if record is not None)])

    return build


def ragged(text: str, delimiter: str = ",") -> Row:
    """What is told of a record with another number of fields than the header."""
    return mark_ragged(text.count(delimiter) + 1, text)
