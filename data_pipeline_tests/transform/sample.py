"""Rows in the columns that the verbs' examples name, and what they may use beside them."""

import datetime as dt

import polars as pl
from hypothesis import strategies as st

from data_pipeline.model.spec import StepSpec
from data_pipeline.transform.examples import EXAMPLES
from data_pipeline.transform.registry import Step, compile_steps
from data_pipeline.transform.step import Known

WORDS = ("", " ", "Nivea", " nivea ", "Ç\u200bà<b>x</b>", "a,b,c", "x;;y", "kg", "g")
TEXTS = st.one_of(st.none(), st.sampled_from(WORDS), st.text(max_size=6))
NUMBERS = st.one_of(st.none(), st.floats(-1e6, 1e6, allow_nan=False), st.sampled_from([0.0, 1.0, 81.0]))
COLUMNS = {
    **dict.fromkeys(["name", "note", "phone", "tags", "place", "sku"], TEXTS),
    "brand": st.sampled_from([None, "A", "B", " a", "C"]),
    "unit": st.sampled_from([None, "kg", "g", "carton", "m", ""]),
    "mail": st.sampled_from([None, "a@b.co", "A@B.CO ", "no", ""]),
    "price_text": st.sampled_from([None, "1.234,5", "7", "x", " "]),
    "due_text": st.sampled_from([None, "31/12/2026", "2026-01-05", "31/02/2026", ""]),
    "currency": st.sampled_from([None, "IDR", "usd", "XYZ"]),
    "status": st.sampled_from([None, "selesai", "Batal", "?", ""]),
    "weight": NUMBERS,
    "price": NUMBERS,
    "stock": st.one_of(st.none(), st.integers(-5, 1000)),
    "seen_at": st.one_of(st.none(), st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))),
}
OTHER_TYPES = {"weight": pl.Float64(), "price": pl.Float64(), "stock": pl.Int64(), "seen_at": pl.Date()}
SCHEMA = pl.Schema(
    {
        **{name: OTHER_TYPES.get(name, pl.String()) for name in COLUMNS},
        "source_sheet": pl.String(),
        "source_row": pl.Int64(),
    }
)
KNOWN = Known(
    references={
        "brands.csv": pl.DataFrame({"Brand": ["A", "B"], "Country": ["ID", None]}),
        "suppliers.csv": pl.DataFrame({"Brand": ["A", "C"], "Supplier": ["Sari", "Budi"], "Day": ["1", "2"]}),
    },
    secret=b"a secret",
)


@st.composite
def sample_rows(draw: st.DrawFn) -> pl.DataFrame:
    """A few records of one file."""
    records = draw(st.lists(st.fixed_dictionaries(COLUMNS), max_size=8))
    placed = [{**record, "source_sheet": "S", "source_row": row} for row, record in enumerate(records, start=2)]
    return pl.DataFrame(placed, schema=SCHEMA)


def compile_verb(use: str, **options: object) -> Step:
    """One step."""
    [step] = compile_steps([StepSpec(use=use, **options)])
    return step


def compile_example(use: str) -> Step:
    """The step of a verb's example."""
    return compile_verb(use, **EXAMPLES[use])
