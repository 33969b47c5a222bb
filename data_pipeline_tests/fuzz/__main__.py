"""Coverage-guided fuzzing: python -m data_pipeline_tests.fuzz [-max_total_time=600] FOLDER ...

libFuzzer adds what reaches new code to the first folder; a file that breaks the target is written as crash-<hash>.
"""

import sys

import atheris

with atheris.instrument_imports(include=["data_pipeline.ingest", "zipfile", "csv"]):
    from data_pipeline_tests.fuzz.targets import read_anything


def main() -> None:
    """Fuzzes until the time is over or something breaks."""
    atheris.Setup(sys.argv, lambda content: read_anything(content))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
