"""The process behind sandbox.Worker: takes calls from a pipe until the pipe closes."""

import importlib
import os
import resource
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection

from data_pipeline.errors import FileRejected, StoreError
from data_pipeline.ingest.reporting import Parent
from data_pipeline.model.batches import FileFault

# Of each thread, counted as data whether it is used or not. Linux gives Python's threads four times as much, which of
# a reader's limit of 400 MiB took a tenth; Rust's have as much as this.
STACK_BYTES = 2 << 20


def limit_process(memory_mb: int) -> None:
    """Caps the memory of this process and forbids core dumps.

    The limit is on data (private writable memory, anonymous maps included), not on address space, of which the native
    runtimes reserve gigabytes that they never touch. The allocator of Polars, imported later, would keep the addresses
    of what it freed, which count as well: a reader of many files then died of a small one, four fifths of its limit
    unused.
    """
    os.environ["_RJEM_MALLOC_CONF"] = "retain:false"  # noqa: TID251 - no setting of ours: Polars reads it
    threading.stack_size(STACK_BYTES)
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def call_guarded(function: Callable[..., object], arguments: tuple[object, ...]) -> object:
    """Whatever a file provokes becomes a fault of that file; a full disk of ours does not."""
    try:
        return function(*arguments)
    except StoreError as error:
        return error
    except FileRejected as refusal:
        return FileFault(code=refusal.code, message=str(refusal), pipeline=refusal.pipeline)
    except MemoryError:
        message = "reading needed more memory than a reader may use. Split the file."
        return FileFault(code="READER_OUT_OF_MEMORY", message=message)
    except BaseException as error:  # noqa: BLE001 - a Rust panic is no Exception; the text is kept with the file
        code = "INTERNAL_ERROR" if isinstance(error, Exception) else "READER_CRASHED"
        return FileFault(code=code, message=f"{type(error).__name__}: {error}")


def serve(pipe: Connection) -> None:
    """Answers calls until the parent closes the pipe or dies."""
    Parent.pipe = pipe
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, ConnectionResetError):
            return
        pipe.send(call_guarded(function, arguments))


if __name__ == "__main__":
    descriptor, memory, preload = sys.argv[1:]
    limit_process(int(memory))
    importlib.import_module(preload)
    serve(Connection(int(descriptor)))
