"""Rules of stock health's formulas, worked by hand.

Source: stock_health.md, 2.3 (formulas), 2.5 (conditions), 2.7 (worked examples).
"""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from data_pipeline.errors import SpecError
from data_pipeline.model.processing import Knowledge
from data_pipeline.model.store_names import StoreNames
from data_pipeline.pipelines.stock_health.processors import compute_stock_health
from data_pipeline.pipelines.stock_health.rules import load_rule_sets
from data_pipeline_tests.pipelines.days import SPEC, compute, contributions, draw_day, top_100
from data_pipeline_tests.tables import table

# Padang is exempt from scaling, so that R1 and R2 compute with its own sales.
CASES = """
    sku | stock | daily_sales | max_daily_sales | lead_time_days | max_lead_time_days | min_order | open_po | unit_cost
    A   | 3     | 0.5         | 2               | 4              | 7                  | 3         | 0       | 10000
    B   | 3     | 0.5         | 2               | 4              | 7                  | 3         | 6       | 10000
    C   | 1     | 0.95        | 4               | 7              | 20                 | 3         | 10      | 10000
    D   | 10    | 0.37        | 2               | 3              | 6                  | 12        | 0       | 2500
    E   | 5     | 0           | 0               | 0              | 0                  | 1         | 0       | 1000
    F   | -2    | 0           | 0               | 2              | 5                  | 3         | 0       | 1000
    G   | -3    | 0.2         | 1               | 3              | 9                  | 1         | 0       | 8000
    H   | 14    | 0.5         | 2               | 4              | 7                  | 3         | 0       | 10000
    I   | 15    | 0.5         | 3               | 4              | 10                 | 3         | 0       | 10000
    J   | 4     | 0.02        | 0               | 5              | 28                 | 1         | 0       | 30000
    K   | 400   | 1.5         | 5               | 3              | 7                  | 6         | 0       | 5000
    L   | 0     | 2.0         | 1               | 9              | 10                 | 3         | 0       | 5000
    M   | 33    | 1.1         | 4               | 2              | 30                 | 3         | 0       | 5000
"""
LEVELS = """
    sku | safety_stock:integer | reorder_point:integer | target_qty:integer | cover_days:number | needs_order:integer
    A   | 12                   | 14                    | 15                 | 6                 | 1
    B   | 12                   | 14                    | 15                 | 6                 | 1
    C   | 74                   | 81                    | 29                 | 1.0526            | 1
    D   | 11                   | 13                    | 12                 | 27.027            | 1
    E   | 0                    | 0                     | 0                  | 0                 | 0
    F   | 0                    | 0                     | 0                  | 0                 | 1
    G   | 9                    | 10                    | 6                  | -15               | 1
    H   | 12                   | 14                    | 15                 | 28                | 1
    I   | 28                   | 30                    | 15                 | 30                | 0
    J   | 0                    | 1                     | 1                  | 200               | 0
    K   | 31                   | 36                    | 45                 | 266.667           | 0
    L   | -8                   | 10                    | 60                 | 0                 | 1
    M   | 118                  | 121                   | 33                 | 30                | 1
"""
# Emergency and final quantity by rule set; the initial quantity is the same in all.
QUANTITIES = """
    sku | initial_qty | R1 emergency | R2 emergency | R3 emergency | R1 final | R2 final | R3 final
    A   | 12          | 1            | 1            | 1            | 11       | 11       | 12
    B   | 6           | 0            | 0            | 0            | 6        | 6        | 6
    C   | 18          | 3            | 17           | 17           | 15       | 3        | 18
    D   | 2           | 0            | 0            | 0            | 12       | 12       | 12
    E   | 0           | 0            | 0            | 0            | 0        | 0        | 0
    F   | 2           | 0            | 0            | 0            | 3        | 3        | 3
    G   | 9           | 5            | 5            | 5            | 4        | 4        | 9
    H   | 1           | 0            | 0            | 0            | 3        | 3        | 3
    I   | 0           | 0            | 0            | 0            | 0        | 0        | 0
    J   | 0           | 0            | 0            | 0            | 0        | 0        | 0
    K   | 0           | 0            | 0            | 0            | 0        | 0        | 0
    L   | 60          | 20           | 20           | 20           | 40       | 40       | 60
    M   | 0           | 1            | 1            | 1            | 0        | 0        | 0
"""
EVERY_SKU = top_100("Padang", list("ABCDEFGHIJKLM"))


@pytest.mark.parametrize("rule_set", ["R1", "R2", "R3"])
def test_stock_levels_are_those_worked_by_hand(rule_set: str) -> None:
    rows = compute(CASES, EVERY_SKU, rule_set=rule_set).rows

    levels = table(LEVELS)
    # J covers 4 / 0.02 = 200 days; covers are drawn with three digits after the point
    assert_frame_equal(rows.select(levels.columns), levels, rel_tol=1e-4)


@pytest.mark.parametrize("rule_set", ["R1", "R2", "R3"])
def test_quantities_are_those_worked_by_hand(rule_set: str) -> None:
    """C: 17.1 pieces until the order comes are 17, with an open order; M: 33 / 1.1 is a little less than 30."""
    rows = compute(CASES, EVERY_SKU, rule_set=rule_set).rows

    expected = table(QUANTITIES).select(
        "sku",
        pl.col("initial_qty").cast(pl.Int64),
        pl.col(f"{rule_set} emergency").cast(pl.Int64).alias("emergency_qty"),
        pl.col(f"{rule_set} final").cast(pl.Int64).alias("final_qty"),
    )
    assert_frame_equal(rows.select(expected.columns), expected)


def test_the_regular_quantity_is_lifted_to_the_minimum_but_never_to_a_multiple() -> None:
    rows = compute("""
        sku | stock | min_order
        1   | 3     | 12
        2   | 3     | 13
        3   | 3     | 5
        4   | 15    | 5
    """).rows

    assert rows["regular_qty"].to_list() == [12, 12, 12, 0]
    assert rows["final_qty"].to_list() == [12, 13, 12, 0]


def test_costs_are_quantity_times_unit_cost_to_two_decimals() -> None:
    rows = compute(
        """
        sku | stock | unit_cost
        1   | 3     | 10000
        2   | 3     | 0.333
        3   | 15    | 10000
        """,
        top_100("Padang", ["1", "2", "3"]),
    ).rows

    assert rows.select("emergency_qty", "final_qty").rows() == [(1, 12), (1, 12), (0, 0)]
    assert rows.select("emergency_cost", "final_cost").rows() == [(10000, 120000), (0.33, 4.0), (0, 0)]


def test_the_sales_contribution_is_sales_times_price() -> None:
    rows = compute("sku | daily_sales | price\n1 | 0.07 | 43500").rows

    assert rows["sales_contribution"].to_list() == [0.07 * 43500]


@pytest.mark.parametrize(("rule_set", "emergency"), [("R1", [1, 1]), ("R2", [1, 1]), ("R3", [1, 0]), ("RG", [1, 0])])
def test_whom_emergency_orders_are_for_depends_on_the_rule_set(rule_set: str, emergency: list[int]) -> None:
    rows = compute("sku\n1\n2", top_100("Padang", ["1"]), rule_set=rule_set).rows

    assert rows["is_top_100"].to_list() == [1, 0]
    assert rows["emergency_qty"].to_list() == emergency


def test_a_rule_set_may_clip_safety_stock_at_zero() -> None:
    """Case L: the reorder point becomes 2 x 9 + 0."""
    rows = compute(CASES, EVERY_SKU, rule_set="RG").rows.filter(pl.col("sku") == "L")

    assert rows.select("safety_stock", "reorder_point", "final_qty", "emergency_qty").rows() == [(0, 18, 60, 20)]


CONDITIONS = """
    stock | daily_sales | condition      | overstock_degree
    5     | 0           | no_sales       |
    0     | 0           | no_sales       |
    -5    | 0           | no_sales       |
    -1    | 10          | negative_stock |
    0     | 10          | out_of_stock   |
    1     | 10          | nearly_out     |
    70    | 10          | nearly_out     |
    71    | 10          | low            |
    210   | 10          | low            |
    211   | 10          | healthy        |
    300   | 10          | healthy        |
    301   | 10          | overstock      | ringan
    450   | 10          | overstock      | ringan
    451   | 10          | overstock      | sedang
    600   | 10          | overstock      | sedang
    601   | 10          | overstock      | berat
    5     | 0.001       | overstock      | berat
"""


def test_conditions_change_right_above_their_limits() -> None:
    """Cover of 7, 21, 30, 45 and 60 days belongs to the class below; sales of 0.001 are not rounded to 0."""
    rows = compute(CONDITIONS).rows

    expected = table(CONDITIONS).select("condition", "overstock_degree")
    assert_frame_equal(rows.select(expected.columns), expected)


SCALING = """
    store  | sku  | daily_sales | max_daily_sales
    Padang | 1    | 2.00        | 5
    Padang | 3    | 0           | 0
    Medan  | 1    | 0.10        | 9
    Medan  | 2    | 0.30        | 4
    Medan  | 3    | 0.20        | 1
    Medan  | 01   | 0.40        | 1
    Soeta  | 1    | 0.10        | 1
"""
SHARES = contributions("PADANG | 100", "MEDAN | 45")


def scaled_sales(*lines: str, rule_set: str) -> pl.DataFrame:
    rows = compute(SCALING, contributions("MEDAN | 45", *lines), rule_set=rule_set).rows
    return rows.select(pl.col("store").str.strip_prefix("Miss Glam "), "sku", "daily_sales", "max_daily_sales")


@pytest.mark.parametrize("rule_set", ["R1", "R2"])
def test_sales_are_the_flagships_times_the_stores_contribution(rule_set: str) -> None:
    """SKU 2 and 01 are not in Padang; SKU 3 is, and sells nothing there; Soeta is exempt at 100 %."""
    assert_frame_equal(
        scaled_sales(rule_set=rule_set),
        table("""
            store  | sku | daily_sales:number | max_daily_sales:number
            Medan  | 1   | 0.9                | 2.25
            Medan  | 2   | 0.3                | 4
            Medan  | 3   | 0                  | 0
            Medan  | 01  | 0.4                | 1
            Padang | 1   | 2                  | 5
            Padang | 3   | 0                  | 0
            Soeta  | 1   | 0.1                | 1
        """),
    )


def test_a_rule_set_may_exempt_nobody() -> None:
    """RG gave Soeta the flagship's sales at 100 %."""
    sales = scaled_sales(rule_set="RG").filter(pl.col("store") != "Medan")

    assert sales.rows() == [("Padang", "1", 2, 5), ("Padang", "3", 0, 0), ("Soeta", "1", 2, 5)]


def test_the_default_rule_set_does_not_scale() -> None:
    sales = scaled_sales(rule_set="R3").filter(pl.col("store") == "Medan")

    assert sales["daily_sales"].to_list() == [0.10, 0.30, 0.20, 0.40]


def test_an_exempt_store_below_one_hundred_percent_is_scaled() -> None:
    sales = scaled_sales("SOETA | 50", rule_set="R2").filter(pl.col("store") == "Soeta")

    assert sales.rows() == [("Soeta", "1", 1.0, 2.5)]


def test_padang_sidimpuan_is_not_the_flagship() -> None:
    """The predecessor took the first name that contains "padang"."""
    processed = compute(SCALING.replace("Padang", "P. Sidimpuan"), SHARES, rule_set="R2")

    assert processed.rows.filter(pl.col("store") == "Miss Glam Medan")["daily_sales"].to_list() == [0.1, 0.3, 0.2, 0.4]
    assert [finding.message for finding in processed.findings if finding.code == "REFERENCE_STORE_MISSING"] == [
        "sales are not scaled: no rows of 'Miss Glam Padang' on this day"
    ]


def test_an_unknown_rule_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SpecError) as caught:
        compute(CASES, rule_set="R9")

    assert str(caught.value) == "stock_health: unknown rule set 'R9'; known: R3, R2, R1, RG"


def test_a_missing_rule_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SpecError):
        compute_stock_health(draw_day(CASES), Knowledge({}, StoreNames.build([], {}, ()), {}))


def test_a_label_names_the_rule_set_and_its_switches() -> None:
    labels = {name: rules.label for name, rules in load_rule_sets().items()}

    assert [label.partition("@")[0] for label in labels.values()] == list(labels)
    assert len({label.partition("@")[2] for label in labels.values()}) == len(labels)
    assert load_rule_sets()["R3"].model_copy(update={"target_days": 31}).label != labels["R3"]
    assert compute("sku\n1", rule_set="R2").label == labels["R2"]


@pytest.mark.parametrize("rule_set", load_rule_sets())
def test_a_day_without_rows_gives_the_same_columns_without_rows(rule_set: str) -> None:
    full = compute("sku\n1", EVERY_SKU, SHARES, rule_set=rule_set)

    empty = compute("sku", EVERY_SKU, SHARES, rule_set=rule_set)

    assert_frame_equal(empty.rows, full.rows.clear())


def test_every_column_that_an_output_names_is_there() -> None:
    columns = set(compute("sku\n1").rows.columns)

    named = {column for output in SPEC.outputs for column in [*output.columns.values(), output.where] if column}
    assert named <= columns
    assert {*SPEC.grain, *(column for columns in SPEC.measures.values() for column in columns)} <= columns


def test_the_rows_that_went_in_are_unchanged() -> None:
    day = draw_day(CASES)

    compute_stock_health(day, Knowledge({}, StoreNames.build([], {}, ()), {"rule_set": "R2"}))

    assert_frame_equal(day, draw_day(CASES))


def test_an_absurd_number_does_not_stop_the_day() -> None:
    """Judging lets it pass: the rules have no upper bound."""
    drawing = """
        sku | daily_sales | max_daily_sales | lead_time_days | max_lead_time_days
        1   | 1e300       | 1               | 1              | 1
        2   | 1           | 1e300           | 1              | 1
        3   | 1           | 1               | 1e300          | 1
        4   | 1           | 1               | 1              | 1e300
        5   | 1           | 1               | 1              | 1
    """

    assert compute(drawing).rows.height == 5
