"""Made-up purchase orders -> the list that the purchasing system exports every morning, with faults of real ones."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import polars as pl

from data_pipeline.generate.catalogue import Chain
from data_pipeline.generate.export import find_export_moment, name_day
from data_pipeline.generate.reference import write_lines
from data_pipeline.generate.workbook import write_workbook

HEADER = ("No PO", "SKU", "Nama Produk", "Brand", "Store", "Supplier", "Qty PO", "Harga", "Amount", "Status",
          "PO Released", "PO Sent", "PO Approved", "PO Arrived", "PO Received", "Qty Received")  # fmt: skip
NUMBER_HEADERS = ("Qty PO", "Harga", "Amount", "Status", "Qty Received")
STAGES = ("Released", "Sent", "Approved", "Arrived", "Received")
CODES = {"Released": "0", "Sent": "4", "Approved": "1", "Arrived": "5", "Received": "3", "Declined": "2"}
NO_MOMENT = "0000-00-00 00:00:00"
ORDERS, LINES = 40, 3
DAYS_KEPT = 4  # after which a received order is no longer listed
# Rows of the file, whose first line is row 2.
DECIMAL_ROW, IMPOSSIBLE_ROW, REPEATED_ROW = 4, 9, 30
LINES_THAT_LEFT = 3

Moment = dt.datetime
Line = dict[str, str]


@dataclass(frozen=True)
class Order:
    """An order and when it came to each stage, past and future."""

    number: int
    brand: str
    store: str
    supplier: str
    moments: tuple[Moment, ...]

    @property
    def name(self) -> str:
        """Its number as the system prints it."""
        return f"{'AU' if self.number % 5 == 2 else 'PO'}/{self.moments[0]:%y%m}/{self.number:04d}"


def write_po_seeds(folder: Path, chain: Chain, *, monday: dt.date, tuesday: dt.date) -> None:
    """Writes Monday as text with faults, the same corrected, and Tuesday as workbook."""
    spelt = list(list_lines(chain, monday, spell_long))
    spelt[DECIMAL_ROW - 2]["Qty PO"] = "6.0"
    good = [dict(line) for line in spelt]
    spelt[IMPOSSIBLE_ROW - 2]["PO Released"] = "31/02/2026 10:00:00"
    spelt.insert(REPEATED_ROW - 2, spelt[0])
    for place, lines in ((name_day(monday), spelt), ("corrected", good[:-LINES_THAT_LEFT])):
        (folder / place).mkdir(parents=True, exist_ok=True)
        texts = [";".join(spell_numbers(line).values()) for line in lines]
        write_lines(folder / place / f"{name_day(monday)}.csv", [";".join(HEADER), *texts], end="\r\n")
    cells = pl.DataFrame(list(list_lines(chain, tuesday, spell_short)), schema=dict.fromkeys(HEADER, pl.String))
    texts = [name for name in HEADER if name not in NUMBER_HEADERS]
    path = folder / name_day(tuesday) / f"{name_day(tuesday)}.xlsx"
    write_workbook(path, cells, text_columns=texts, created=find_export_moment(tuesday, 0))


def spell_long(moment: Moment | None) -> str:
    """As the text file has it: 5/1/2026 08:30:00."""
    return NO_MOMENT if moment is None else f"{moment.day}/{moment.month}/{moment:%Y %H:%M:%S}"


def spell_short(moment: Moment | None) -> str:
    """As the workbook has it: 5/1/26 08.30."""
    return "" if moment is None else f"{moment.day}/{moment.month}/{moment:%y %H.%M}"


def spell_numbers(line: Line) -> Line:
    """Prices as Indonesian texts: 12.500,5."""
    return {name: f"{float(cell):_}".replace(".", ",").replace("_", ".").removesuffix(",0")
            if name in ("Harga", "Amount") else cell for name, cell in line.items()}  # fmt: skip


def list_lines(chain: Chain, business_date: dt.date, spell: Callable[[Moment | None], str]) -> Iterator[Line]:
    """The lines of all orders that the system still lists in the morning of a date."""
    export = dt.datetime.combine(business_date, dt.time(9))
    for number in range(1, ORDERS + 1):
        rng = Random(f"{chain.seed}/order/{number}")
        order = invent_order(chain, number, rng)
        products = chain.products.filter(pl.col("Brand") == order.brand).head(LINES).to_dicts()
        if order.moments[0] > export or export - order.moments[-1] > dt.timedelta(DAYS_KEPT):
            continue
        for place, product in enumerate(products):
            yield spell_line(order, product, place, export=export, spell=spell)


def invent_order(chain: Chain, number: int, rng: Random) -> Order:
    """An order of a brand for a store, released in the five weeks before the first Tuesday of 2026."""
    brands = chain.products["Brand"].drop_nulls().unique(maintain_order=True).to_list()
    store, supplier = chain.stores[number % len(chain.stores)], number % 7
    released = dt.datetime(2025, 12, 2, 8, 30) + dt.timedelta(days=35 * number // ORDERS, minutes=rng.randrange(480))  # noqa: DTZ001
    days = (0, 1, 2, 3 + rng.randrange(2, 12), 0)
    moments = [released + dt.timedelta(days=sum(days[: stage + 1]), hours=stage) for stage in range(len(STAGES))]
    if number == ORDERS // 2:  # typed in late: it arrived before it was sent
        moments[1] = moments[3] + dt.timedelta(hours=4)
    return Order(
        number,
        brands[number % len(brands)],
        store.name,
        f"PT Pemasok {supplier + 1:03d}" if supplier else "",
        tuple(moments),
    )


def spell_line(
    order: Order, product: dict[str, object], place: int, *, export: Moment, spell: Callable[[Moment | None], str]
) -> Line:
    """A line as the system knows it at the export; the last one of some orders lags a stage behind."""
    known = [moment if moment <= export else None for moment in order.moments]
    reached = max(stage for stage, moment in enumerate(known) if moment is not None)
    if order.number % 4 == 0 and place == LINES - 1 and reached > 0:
        known[reached], reached = None, reached - 1
    status = "Declined" if order.number % 9 == 4 and place == 0 else STAGES[reached]
    qty, price = 6 * (place + 1) + order.number, 2500 * (order.number + place) + 500 * place + 0.5 * (order.number % 3)
    received = str(qty - order.number % 2) if STAGES[reached] == "Received" else ""
    named = (order.name, str(product["SKU"]).strip(), str(product["Nama"]).strip(), order.brand.strip(), order.store)
    counted = (order.supplier, str(qty), str(price), str(qty * price), CODES[status])
    cells = (*named, *counted, *map(spell, known), received)
    return dict(zip(HEADER, cells, strict=True))
