"""A ClamAV daemon for tests: speaks INSTREAM, and misbehaves when told to."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LARGEST_STREAM = 1 << 20

Answering = Callable[[socket.socket], None]


def receive_exactly(connection: socket.socket, count: int) -> bytes:
    """So many bytes."""
    received = b""
    while len(received) < count:
        piece = connection.recv(count - len(received))
        if not piece:
            raise ConnectionError("the client hung up")
        received += piece
    return received


def answer_honestly(connection: socket.socket) -> None:
    """As clamd does; a stream that is too long is answered at once."""
    assert receive_exactly(connection, 10) == b"zINSTREAM\0"
    content = b""
    while length := struct.unpack("!L", receive_exactly(connection, 4))[0]:
        content += receive_exactly(connection, length)
        if len(content) > LARGEST_STREAM:
            connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")
            return
    connection.sendall(b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0")


class FakeClamd:
    """A daemon on a socket of its own."""

    def __init__(self, listener: socket.socket, address: str) -> None:
        self.address = address
        self.answer: Answering = answer_honestly
        self.scans = 0
        self._listener = listener
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self.answer is stop:
                    return
                self.scans += 1
                self.answer(connection)

    def stop(self) -> None:
        """Ends the daemon."""
        self.answer = stop
        with socket.socket(self._listener.family) as last:
            last.connect(self._listener.getsockname())
        self._thread.join()
        self._listener.close()


def stop(_: socket.socket) -> None:
    """What the daemon answers last."""


@contextmanager
def running_clamd(folder: Path | None = None) -> Iterator[FakeClamd]:
    """A daemon on a Unix socket in the folder, else on a TCP port."""
    if folder is None:
        listener = socket.create_server(("127.0.0.1", 0))
        address = f"tcp:127.0.0.1:{listener.getsockname()[1]}"
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / "clamd.ctl"))
        listener.listen()
        address = f"unix:{folder / 'clamd.ctl'}"
    clamd = FakeClamd(listener, address)
    try:
        yield clamd
    finally:
        clamd.stop()
