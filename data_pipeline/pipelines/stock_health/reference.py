"""The chain's reference files -> tables that rows can be joined to.

Names of files and columns are the owner's (docs: README.md of this pipeline). A file that is missing is a finding and
an empty table, never an error: a day without a supplier list is still a day.
"""

from collections.abc import Mapping

import polars as pl

from data_pipeline.model.findings import Finding
from data_pipeline.model.processing import Knowledge
from data_pipeline.model.tables import ReferenceTable

References = Mapping[str, ReferenceTable]

SUPPLIER_FILES = ("supplier_data.csv", "suppliers.csv", "suppliers.xlsx")
CONTRIBUTION_FILE = "store_contribution.csv"
SPECIAL_SKU_FILE = "special_sku_60.csv"
TOP_100_FOLDER = "top_100_sku/"
TOP_100_SIZE = 100
HEADER_SEARCH_ROWS = 15  # a top-100 list may carry titles above its header
DEFAULT_CONTRIBUTION_PERCENT = 100.0

# Column of the supplier list -> column of the snapshot, in the order of the owner's order files.
SUPPLIER_COLUMNS = {
    "No": "supplier_no",
    "ID Supplier": "supplier_id",
    "Nama Supplier": "supplier_name",
    "ID Brand": "supplier_brand_id",
    "Nama Brand": "supplier_brand",
    "ID Store": "supplier_store_id",
    "Nama Store": "supplier_store",
    "Hari Order": "order_day",
    "Min. Purchase": "min_purchase",
    "Trading Term": "trading_term",
    "Promo Factor": "promo_factor",
    "Delay Factor": "delay_factor",
}
SUPPLIER_NUMBERS = ("supplier_no", "supplier_id", "supplier_brand_id", "supplier_store_id", "order_day", "min_purchase",
                    "trading_term")  # fmt: skip


def missing(what: str, file: str, consequence: str) -> Finding:
    """The finding for a reference file that is not there."""
    return Finding(code="REFERENCE_MISSING", message=f"{what}: no file {file!r} in the reference folder; {consequence}")


def read_suppliers(references: References) -> tuple[pl.DataFrame, list[Finding]]:
    """Supplier list, texts as they are, numbers as integers.

    Shape: one row per line of the list, in its order; columns SUPPLIER_COLUMNS.
    """
    table = next((references[name] for name in SUPPLIER_FILES if name in references), None)
    if table is None:
        schema = {name: pl.Int64 if name in SUPPLIER_NUMBERS else pl.String for name in SUPPLIER_COLUMNS.values()}
        return pl.DataFrame(schema=schema), [missing("suppliers", SUPPLIER_FILES[0], "nobody to order from is known")]
    listed = table.with_header().rename(SUPPLIER_COLUMNS, strict=False)
    absent = [name for name in SUPPLIER_COLUMNS.values() if name not in listed.columns]
    numbers = [
        pl.col(name).str.strip_chars().str.strip_suffix(".0").cast(pl.Int64, strict=False) for name in SUPPLIER_NUMBERS
    ]
    suppliers = listed.with_columns(pl.lit("").alias(name) for name in absent)
    suppliers = suppliers.select(SUPPLIER_COLUMNS.values()).with_columns(numbers)
    headers = [header for header, name in SUPPLIER_COLUMNS.items() if name in absent]
    message = f"{table.name}: columns missing: {', '.join(headers)}; they stay empty"
    return suppliers, [Finding(code="REFERENCE_INCOMPLETE", message=message)] if absent else []


def read_contributions(knowledge: Knowledge, stores: list[str]) -> tuple[pl.DataFrame, list[Finding]]:
    """Sales contribution of each store.

    Shape: one row per store of `stores`: store, contribution_pct.
    Units: contribution_pct: percent of the reference store's sales; 100 when the list does not name the store.
    """
    listed: dict[str, float] = {}
    findings = []
    table = knowledge.references.get(CONTRIBUTION_FILE)
    if table is None:
        findings.append(missing("contributions", CONTRIBUTION_FILE, "every store counts as 100 %"))
    for spelling, text in read_first_columns(table, 2):
        percent = as_percent(text)
        store = knowledge.store_names.find(spelling)
        if percent is None:
            message = f"{CONTRIBUTION_FILE}: expected a percentage for {spelling!r}, found {text!r}"
            findings.append(Finding(code="REFERENCE_UNREADABLE", message=message))
        elif store is not None:
            listed.setdefault(store, percent)
    unknown = [store for store in stores if store not in listed]
    if unknown and table:
        message = f"{CONTRIBUTION_FILE} does not list {', '.join(unknown)}; 100 % is used"
        findings.append(Finding(code="CONTRIBUTION_UNKNOWN", message=message, details={"stores": unknown}))
    percents = [listed.get(store, DEFAULT_CONTRIBUTION_PERCENT) for store in stores]
    schema = {"store": pl.String, "contribution_pct": pl.Float64}
    return pl.DataFrame({"store": stores, "contribution_pct": percents}, schema=schema), findings


def read_first_columns(table: ReferenceTable | None, number: int) -> list[tuple[str, ...]]:
    """The first cells of every row below the header; nothing of a file that is missing or narrower."""
    if table is None or table.rows.cells.width < number:
        return []
    return table.rows.cells.slice(1).fill_null("").select(pl.nth(range(number))).rows()


def as_percent(text: str) -> float | None:
    """A percentage from 0 to 1000, or None when it cannot be read as one."""
    try:
        percent = float(text)
    except ValueError:
        return None
    return percent if 0 <= percent <= 1000 else None  # not a number compares as False


def read_top_100(knowledge: Knowledge, stores: list[str]) -> tuple[pl.DataFrame, list[Finding]]:
    """The SKUs that a store must never run out of.

    Shape: one row per (store, sku).
    """
    lists: dict[str, ReferenceTable] = {}
    for name, table in sorted(knowledge.references.items()):
        store = knowledge.store_names.find(list_stem(name)) if name.startswith(TOP_100_FOLDER) else None
        if store is not None:
            # The first list by name: two lists of one store must not both count.
            lists.setdefault(store, table)
    pairs = [(store, sku) for store in stores if store in lists for sku in dict.fromkeys(find_skus(lists[store]))]
    without = [store for store in stores if store not in lists]
    findings = []
    if without:
        message = f"no top-100 list for {', '.join(without)}: no emergency orders for them"
        findings.append(Finding(code="TOP_100_MISSING", message=message, details={"stores": without}))
    return pl.DataFrame(pairs, schema={"store": pl.String, "sku": pl.String}, orient="row"), findings


def list_stem(name: str) -> str:
    """File name of a list without folder and suffix."""
    return name.removeprefix(TOP_100_FOLDER).rpartition(".")[0].strip()


def find_skus(table: ReferenceTable) -> list[str]:
    """The first hundred SKUs below the header of a list whose header may stand anywhere near the top."""
    rows = [[(cell or "").strip() for cell in row] for row in table.rows.cells.rows()]
    filled = [row for row in rows if any(row)]
    header = next(
        (row for row in filled[:HEADER_SEARCH_ROWS] if "sku" in map(str.lower, row)), filled[0] if filled else []
    )
    position = [cell.lower() for cell in header].index("sku") if "sku" in map(str.lower, header) else 0
    below = filled[filled.index(header) + 1 :] if header else []
    return [row[position] for row in below[:TOP_100_SIZE] if row[position]]


def read_special_skus(references: References) -> tuple[list[str], list[Finding]]:
    """SKUs with the long target."""
    if SPECIAL_SKU_FILE not in references:
        return [], [missing("special SKUs", SPECIAL_SKU_FILE, "every SKU has the ordinary target")]
    return [sku.strip() for (sku,) in read_first_columns(references[SPECIAL_SKU_FILE], 1)], []
