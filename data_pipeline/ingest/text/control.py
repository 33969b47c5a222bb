"""Bytes with many control characters -> a refusal: they are no text of one byte each."""

from data_pipeline.errors import FileRejected

CONTROL = bytes(code for code in range(1, 32) if code not in b"\t\n\v\f\r\x1a\x1b")  # 0x1A ends old DOS files
MOST_CONTROL = 8  # characters; more, and more than the share, are no slip of a program
CONTROL_SHARE = 0.005


def has_control(sample: bytes) -> bool:
    """Whether so many control characters stand in a sample that it is no text of one byte each."""
    count = count_control(sample)
    return count > MOST_CONTROL and count > CONTROL_SHARE * len(sample)


def count_control(sample: bytes) -> int:
    """How many control characters stand in a sample, NUL left out."""
    return len(sample) - len(sample.translate(None, CONTROL))


def refuse_control(sample: bytes, *, name: str) -> None:
    """Raises FileRejected when so many control characters stand in a sample that it is no text."""
    if has_control(sample):
        raise FileRejected(
            "WRONG_CONTENT",
            f"{name}: expected a text file, found {count_control(sample)} control characters in its first "
            f"{len(sample)} bytes. Export the list as CSV, and send that.",
        )
