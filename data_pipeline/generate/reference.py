"""The chain's reference files: who supplies what to whom, shares, lists of special and of best-selling products.

Each has the faults of the real ones: brands listed twice, for other stores only, with blanks around them or not at all.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from data_pipeline.generate.catalogue import DELISTED, HEAD_OFFICE, Brand, Chain, Store
from data_pipeline.generate.workbook import write_workbook

HEAD_OFFICE_ID = 3
SUPPLIER_HEADER = (
    "No", "ID Supplier", "Nama Supplier", "ID Brand", "Nama Brand", "ID Store", "Nama Store", "Hari Order",
    "Min. Purchase", "Trading Term", "Promo Factor", "Delay Factor",
)  # fmt: skip
TOP_100_HEADER = ("SKU", "Nama", "Brand", "Toko")
LISTED_AS_TOP = 130  # the real lists run on past the hundredth product; only the first hundred count
SPECIAL_SKUS = 40
LIST_DAY = dt.datetime(2026, 1, 2, 10, tzinfo=dt.timezone(dt.timedelta(hours=7)))


def write_reference(folder: Path, chain: Chain) -> None:
    """Writes everything but the top-100 lists, which depend on what a store carries."""
    folder.mkdir(parents=True, exist_ok=True)
    last = chain.stores[-1]
    shares = [f"{store.short_name.upper()},{store.contribution_pct}" for store in chain.stores if store != last]
    stores = [f"{HEAD_OFFICE_ID},{HEAD_OFFICE}", *(f"{store.original_id},{store.name}" for store in chain.stores)]
    brands = [f"{identify(brand)},{brand.name}{' ' * (place == 5)}" for place, brand in enumerate(chain.brands)]
    special = chain.products.sort("Ranking").gather_every(4).head(SPECIAL_SKUS)
    products = [f"{sku.strip()};{name.strip()};" for sku, name in special.select("SKU", "Nama").rows()]
    write_lines(folder / "store_contribution.csv", ["store,contribution_pct", *shares], last_end="")
    write_lines(folder / "stores.csv", ["original_id,name", *stores])
    write_lines(folder / "brands.csv", ["original_id,name", *brands, f"{identify(chain.brands[-1]) + 7},"])
    write_lines(folder / "special_sku_60.csv", ["SKU;Nama Produk;", *products], end="\r\n", last_end="")
    write_lines(folder / "supplier_data.csv", [";".join(SUPPLIER_HEADER), *list_suppliers(chain)], end="\r\n")


def write_lines(path: Path, lines: Iterable[str], *, end: str = "\n", last_end: str | None = None) -> None:
    """Writes lines with the ends that the real file has."""
    text = end.join(lines) + (end if last_end is None else last_end)
    path.write_bytes(text.encode())


def identify(brand: Brand) -> int:
    """The brand's number in the chain's master data."""
    return 1000 + 7 * brand.number


def list_suppliers(chain: Chain) -> Iterator[str]:
    """Lines of the supplier list: supplier x brand x store."""
    listed = [
        (brand, brand.number // 2 + take, store)
        for brand in chain.brands
        for store in find_buyers(brand, chain)
        for take in range(2 if is_doubled(brand, store) else 1)
    ]
    lines = [spell_supplier(*entry) for entry in listed]
    lines[0] = ("", "", *lines[0][2:])  # nobody to order from, and yet a match
    supplier_id, supplier, brand_id, _, *rest = spell_supplier(chain.brands[0], 0, chain.stores[-1])
    lines.append((supplier_id, supplier, brand_id, "", *rest))
    for number, fields in enumerate(lines, start=1):
        yield ";".join((str(number), *fields))


def find_buyers(brand: Brand, chain: Chain) -> tuple[Store | None, ...]:
    """The stores that a brand's supplier is listed for; None is the head office."""
    if brand.category == DELISTED or brand.number % 11 == 4:
        return ()
    return (None, chain.stores[-1]) if brand.number % 7 == 3 else chain.stores


def is_doubled(brand: Brand, store: Store | None) -> bool:
    """Whether two suppliers are listed for a brand in a store; the first one counts."""
    return store is not None and (brand.number % 13, store.number % 5) == (5, 1)


def spell_supplier(brand: Brand, supplier: int, store: Store | None) -> tuple[str, ...]:
    """A line's fields after its number."""
    place = 0 if store is None else store.number
    return (
        str(2000 + supplier),
        f"{'CV' if supplier % 3 else 'PT'} Pemasok {supplier + 1:03d}{' ' * (supplier % 31 == 7)}",
        str(identify(brand)),
        f"{brand.name}{' ' * ((brand.number + place) % 29 == 9)}",
        str(HEAD_OFFICE_ID if store is None else store.original_id),
        HEAD_OFFICE if store is None else store.name,
        str((supplier + place) % 7),
        "350000" if brand.number % 40 == 21 else "500000",
        "0",
        "",
        "",
    )


def write_top_100(folder: Path, assortment: pl.DataFrame, store: Store) -> None:
    """Writes the list of what a store must never run out of; every other store has one, as CSV or XLSX."""
    if store.number % 2 == 0:
        return
    folder.mkdir(parents=True, exist_ok=True)
    best = assortment.sort("Ranking").head(min(LISTED_AS_TOP, assortment.height // 4 + 1))
    cells = best.select(TOP_100_HEADER).with_columns(pl.col("SKU", "Nama").str.strip_chars())
    path = folder / f"{store.number}. {store.name}"
    if store.number % 4 == 1:
        titles = (("TOP 100",), ("sku ", *TOP_100_HEADER[1:]))
        write_workbook(
            path.with_name(f"{path.name}.xlsx"), cells, text_columns=TOP_100_HEADER, created=LIST_DAY, titles=titles
        )
    else:
        cells.write_csv(path.with_name(f"{path.name}.csv"), separator=";")
