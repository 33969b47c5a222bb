"""What a chain's stores deliver over some days, in the drive's folders."""

import datetime as dt
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from data_pipeline.errors import RequestError
from data_pipeline.generate.catalogue import Chain, Store, invent_chain
from data_pipeline.generate.export import export_workbook, find_export_moment, name_day, spell_cells
from data_pipeline.generate.reference import write_reference, write_top_100
from data_pipeline.generate.stock import compute_erp_columns, count_stock, list_assortment


@dataclass(frozen=True)
class Generated:
    """What was written. Units: files and rows of the stores' deliveries, reference files not counted."""

    folder: Path
    files: int
    rows: int


def generate(folder: Path, *, stores: int, rows: int, days: int, first_day: dt.date, seed: int = 1) -> Generated:
    """Writes `folder/YYYYMMDD/<n>. <Store>.xlsx` for each store and day, and `folder/reference`.

    The same arguments give the same bytes. Memory holds some workbooks at a time, whatever the number of days.

    Raises: RequestError when there would be nothing to write.
    """
    for name, number in {"stores": stores, "rows": rows, "days": days}.items():
        if number < 1:
            raise RequestError(f"generate: expected at least 1 for {name}, found {number}.")
    # a store carries four fifths of what the chain sells
    chain = invent_chain(stores=stores, products=rows * 5 // 4, seed=seed)
    write_reference(folder / "reference", chain)
    business_dates = [first_day + dt.timedelta(days=day) for day in range(days)]
    # threads: Polars and zlib do nearly all of the work, without the interpreter's lock
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        list(pool.map(partial(deliver, folder, chain, rows=rows, business_dates=business_dates), chain.stores))
    return Generated(folder=folder, files=stores * days, rows=stores * days * rows)


def deliver(folder: Path, chain: Chain, store: Store, *, rows: int, business_dates: Sequence[dt.date]) -> None:
    """Writes one store's workbooks and its top-100 list."""
    assortment = list_assortment(chain, store, rows=rows)
    write_top_100(folder / "reference" / "top_100_sku", assortment, store)
    for business_date in business_dates:
        counted = count_stock(assortment, business_date, rng=start_day(chain, store, business_date))
        path = folder / name_day(business_date) / f"{store.number}. {store.name}.xlsx"
        created = find_export_moment(business_date, store.number)
        export_workbook(path, spell_cells(compute_erp_columns(counted)), created=created)


def start_day(chain: Chain, store: Store, business_date: dt.date) -> Random:
    """Chance, the same for the same store and day whichever other days are generated."""
    return Random(f"{chain.seed}/{store.number}/{business_date.isoformat()}")
