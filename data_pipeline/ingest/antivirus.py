"""A file's bytes -> the name of the malware in them, asked of a virus scanner before any reader sees them."""

import re
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from data_pipeline.errors import FileRejected, StoreError
from data_pipeline.model.batches import FileFault

CHUNK_BYTES = 1 << 18
ANSWER_BYTES = 4096  # more than any answer of clamd
ANSWER = re.compile(rb"stream: (?:(?P<name>.+) FOUND|OK)\0", re.DOTALL)
TOO_LARGE = b"INSTREAM size limit exceeded"
TCP = re.compile(r"tcp:\[?(?P<host>[^\[\]]+?)\]?:(?P<port>\d{1,5})")


class Scanner(Protocol):
    """Whoever knows malware."""

    def scan(self, path: Path, *, name: str) -> str | None:
        """Name of what was found in a file, which its sender calls `name`; None when nothing was.

        Raises: FileRejected when it takes no such file; StoreError when it is away or answers nonsense.
        """
        ...


class ClamdScanner:
    """ClamAV's daemon, by its INSTREAM command. Source: man clamd, "COMMANDS"."""

    def __init__(self, address: str, *, seconds: float = 60) -> None:
        self._address = address
        self._seconds = seconds

    def scan(self, path: Path, *, name: str) -> str | None:
        """Sends the whole file; each step of the exchange may take `seconds`."""
        try:
            with connect(self._address, self._seconds) as connection, path.open("rb") as content:
                answer = exchange(connection, content)
        except OSError as error:
            raise self._fail(f"cannot be asked ({error.strerror or error})") from error
        if answer.startswith(TOO_LARGE):
            size = path.stat().st_size >> 20
            raise FileRejected(
                "UNSCANNED_FILE",
                f"{name}: the virus scanner takes no file of {size} MiB. Split it, or raise StreamMaxLength of clamd.",
            )
        verdict = ANSWER.fullmatch(answer)
        if verdict is None:
            raise self._fail(f"expected 'stream: OK' or what was found, got {answer[:80]!r}")
        return verdict["name"].decode(errors="replace") if verdict["name"] else None

    def _fail(self, found: str) -> StoreError:
        advice = "Nothing is read unscanned: see to clamd, or unset DATA_PIPELINE_CLAMD."
        return StoreError(f"virus scanner {self._address}: {found}. {advice}")


def refuse_infected(scanner: Scanner, path: Path, name: str) -> None:
    """Has a file scanned. Raises: FileRejected when anything was found, and what Scanner.scan raises."""
    found = scanner.scan(path, name=name)
    if found is not None:
        raise FileRejected(
            "INFECTED_FILE", f"{name}: the virus scanner found {found!r}. Clean the computer that it comes from."
        )


def find_malware(scanner: Scanner | None, path: Path, name: str) -> FileFault | None:
    """Why no reader may see a file; None when it is clean or nobody wants it scanned. Raises: StoreError."""
    if scanner is None:
        return None
    try:
        refuse_infected(scanner, path, name)
    except FileRejected as refusal:
        return FileFault(code=refusal.code, message=str(refusal))
    return None


def open_scanner(address: str | None) -> Scanner | None:
    """The scanner at `unix:/path` or `tcp:host:port`; None where none is wanted."""
    return None if address is None else ClamdScanner(address)


def check_address(address: str) -> str:
    """The address itself. Raises: ValueError when it has neither form."""
    tcp = TCP.fullmatch(address)
    if not address.startswith("unix:/") and not (tcp and 0 < int(tcp["port"]) < 1 << 16):
        raise ValueError("expected unix:/path/of/clamd.ctl or tcp:host:port")
    return address


def ping(address: str, seconds: float) -> None:
    """Asks the daemon whether it lives. Raises: OSError when it does not say so."""
    with connect(address, seconds) as connection:
        connection.sendall(b"zPING\0")
        answer = receive_answer(connection)
    if answer != b"PONG\0":
        raise OSError(f"virus scanner {address}: expected PONG, got {answer[:80]!r}")


def connect(address: str, seconds: float) -> socket.socket:
    """A connection whose every step may take `seconds`. Raises: OSError."""
    tcp = TCP.fullmatch(address)
    if tcp is not None:
        return socket.create_connection((tcp["host"], int(tcp["port"])), timeout=seconds)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(seconds)
    try:
        connection.connect(address.removeprefix("unix:"))
    except OSError:
        connection.close()
        raise
    return connection


def exchange(connection: socket.socket, content: BinaryIO) -> bytes:
    """Sends a file, gives the answer. Raises: OSError."""
    try:
        for piece in frame(content):
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):  # it has seen enough; only that it is too much may be the reason
        answer = receive_answer(connection)
        return answer if answer.startswith(TOO_LARGE) else b"(before the end of the file) " + answer
    return receive_answer(connection)


def receive_answer(connection: socket.socket) -> bytes:
    """All up to the NUL that ends an answer. Raises: OSError."""
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < ANSWER_BYTES:
        received = connection.recv(ANSWER_BYTES)
        if not received:
            break
        answer += received
    return answer


def frame(content: BinaryIO) -> Iterator[bytes]:
    """The INSTREAM command: chunks with their lengths, an empty one at the end."""
    yield b"zINSTREAM\0"
    while chunk := content.read(CHUNK_BYTES):
        yield struct.pack("!L", len(chunk)) + chunk
    yield struct.pack("!L", 0)
