"""A made-up chain: its stores, brands and products. No name and no number in it is anybody's real one.

Everything is drawn with `random.random` and plain arithmetic, whose results Python and IEEE 754 fix for every machine;
numpy's generators and libm's logarithms may differ from one release to the next, and the committed seeds with them.
"""

import itertools
from dataclasses import dataclass
from random import Random

import polars as pl

CHAIN = "Toko Kirana"
HEAD_OFFICE = "PT Kirana Niaga Utama"

# Traps among the names on purpose: one contains the flagship's, some hold dots and abbreviations.
SHORT_NAMES = (
    "Anggrek", "Bukit Raya", "Cempaka", "Dahlia", "Edelweis", "Flamboyan", "Anggrek Timur", "Dr. Gandaria",
    "P. Hanjuang", "Ilalang", "Jati Asri", "Kenanga", "Lembayung", "Melati", "Nusa Indah", "Oleander", "Pinus", "Randu",
    "Seroja", "Teratai", "Ungaran Baru", "Wijaya Kusuma", "Yasmin", "Zaitun", "Akasia", "Bugenvil", "Cendana", "Delima",
    "Eboni", "Gardenia", "Hortensia", "Kamboja", "Lavender", "Mahoni", "Nilam",
)  # fmt: skip

BRAND_SYLLABLES = (
    ("Bel", "Cor", "Dav", "Fen", "Gal", "Hes", "Jom", "Kiv", "Lum", "Mez", "Nor", "Pav", "Quil", "Rov", "Sel", "Tav",
     "Vil", "Wex", "Yor", "Zan"),
    ("a", "e", "i", "o", "u"),
    ("bry", "dex", "fira", "gora", "kani", "lune", "mora", "nesse", "qua", "rish", "tiva", "vanna", "xo", "zelle"),
)  # fmt: skip

# Brand categories of the owner's stock list with about their share of the brands, in percent.
BRAND_CATEGORIES = {
    "BEAUTY MATURE": 58, "BEAUTY TRENDING": 20, "BRAND VIRAL": 5, "MEN": 4, "SWALAYAN BEAUTY": 3, "SWALAYAN UMUM": 3,
    "ACCESSORIES": 2, "DELISTING": 5,
}  # fmt: skip
DELISTED = "DELISTING"

# Noun -> category, sub-category, sizes.
KINDS = (
    ("Face Wash", "Face Cleansing", "Facial Wash", ("50gr", "100gr")),
    ("Toner", "Face Care", "Toner", ("60ml", "110ml")),
    ("Serum", "Serum", "Brightening", ("15ml", "30ml")),
    ("Sunscreen SPF 35", "Sunscreen", "Cream", ("30gr", "50gr")),
    ("Lip Cream", "Lip Make Up", "Lip Cream", ("3gr", "5gr")),
    ("Lip Balm", "Lip Make Up", "Lip Balm", ("4gr",)),
    ("Compact Powder", "Face Make Up", "Powder", ("12gr",)),
    ("Mascara", "Eye Make Up", "Mascara", ("7ml",)),
    ("Hair Mask", "Hair Treatment", "Hair Mask", ("25gr", "200gr")),
    ("Shampoo", "Hair Treatment", "Shampoo", ("70ml", "170ml", "340ml")),
    ("Body Lotion", "Body Care", "Lotion", ("100ml", "200ml")),
    ("Body Mist", "Fragrance", "Body Mist", ("60ml", "100ml")),
    ("Hand Cream", "Body Care", None, ("30gr",)),
)
SCENTS = ("Mawar", "Teh Hijau", "Kelapa", "Lidah Buaya", "Madu & Susu", "Crème Vanila", "Jeruk, Sereh", "Beras", "Kopi")

# Smallest order in pieces, with its share of the products in percent (stock_health.md 1.1, census).
MIN_ORDERS = {3: 74, 1: 21, 12: 2, 6: 1, 24: 1, 36: 1}


@dataclass(frozen=True)
class Store:
    """A shop; `original_id` is its number in the chain's master data, `number` its place among the deliveries."""

    number: int
    short_name: str

    @property
    def name(self) -> str:
        """The name in the column Toko."""
        return f"{CHAIN} {self.short_name}"

    @property
    def original_id(self) -> int:
        """As in the field, shops do not start at 1: the head office and closed shops have numbers too."""
        return self.number + 6

    @property
    def contribution_pct(self) -> int:
        """Percent of the flagship's sales."""
        return 100 if self.number == 1 else 14 + self.number * 29 % 48


@dataclass(frozen=True)
class Brand:
    """A brand; suppliers sell brands, not products."""

    number: int
    name: str
    category: str


@dataclass(frozen=True)
class Chain:
    """Everything that does not change from day to day.

    Shape: `products` has one row per SKU, sorted as the ERP lists them: by brand, then by name.
    """

    seed: int
    stores: tuple[Store, ...]
    brands: tuple[Brand, ...]
    products: pl.DataFrame


def invent_chain(*, stores: int, products: int, seed: int) -> Chain:
    """A chain of so many stores that sell so many SKUs."""
    rng = Random(f"{seed}/chain")
    # 20 products a brand and at most 500 brands, as in the owner's stock list
    brands = invent_brands(min(500, max(20, products // 20)), rng)
    names = (*SHORT_NAMES, *(f"Cabang {number}" for number in range(len(SHORT_NAMES) + 1, stores + 1)))
    return Chain(
        seed=seed,
        stores=tuple(Store(number, name) for number, name in enumerate(names[:stores], start=1)),
        brands=brands,
        products=invent_products(products, brands, rng),
    )


def invent_brands(count: int, rng: Random) -> tuple[Brand, ...]:
    """Brands in the order of the alphabet; the ERP writes them in capitals."""
    words = rng.sample(["".join(parts) for parts in itertools.product(*BRAND_SYLLABLES)], count)
    names = sorted(f"{word} & CO".upper() if place % 17 == 9 else word.upper() for place, word in enumerate(words))
    categories = rng.choices(list(BRAND_CATEGORIES), weights=list(BRAND_CATEGORIES.values()), k=count)
    categories[2] = DELISTED  # also the smallest chain has products that no longer sell
    return tuple(Brand(number, *pair) for number, pair in enumerate(zip(names, categories, strict=True)))


def invent_products(count: int, brands: tuple[Brand, ...], rng: Random) -> pl.DataFrame:
    """Products with the columns of the stock list that are the same in every store, and `popularity` in [0, 1)."""
    rows = [invent_product(place, brands[place * len(brands) // count], rng) for place in range(count)]
    products = pl.DataFrame(rows, infer_schema_length=None).sort("brand_number", "Nama", maintain_order=True)
    ranking = pl.col("popularity").rank("ordinal").cast(pl.Int64)
    return products.with_columns(
        ranking.alias("Ranking"),
        # the owner's list of best sellers covers two fifths of the range: 4,000 of 9,796
        (ranking * 5 <= count * 2).cast(pl.Int64).alias("Top4000"),
        pl.when(ranking * 5 <= count * 2).then(pl.lit("A")).otherwise("Grade").alias("Grade"),
    )


def invent_product(place: int, brand: Brand, rng: Random) -> dict[str, str | int | float | None]:
    """One product; every so many there is one with a quirk of the real lists."""
    noun, category, sub_category, sizes = rng.choice(KINDS)
    cost = 2_500 + int(40_000 * rng.random() / (0.1 + rng.random()))
    return {
        "brand_number": brand.number,
        "Brand": None if place % 120 == 77 else brand.name,
        "SKU": number_sku(place, rng),
        "Nama": spell_name(f"{brand.name} {noun} {rng.choice(SCENTS)} {rng.choice(sizes)}", place),
        "HPP": 0 if place % 400 == 150 else cost,
        "Harga": cost * 128 // 50_000 * 500 + 500,
        "Grade": rng.choice(("B", "B*", "C")),
        "Kategori Brand": brand.category,
        "Kategori": category,
        "Sub Kategori": sub_category,
        "Min. Order": rng.choices(list(MIN_ORDERS), weights=list(MIN_ORDERS.values()))[0],
        "popularity": rng.random(),
    }


def number_sku(place: int, rng: Random) -> str:
    """A unique article number. Those starting with 2 are for use inside a shop: no real article has one."""
    if place % 60 == 7:
        return f"0{place:07d}{rng.randrange(10)}"
    if place % 90 == 31:
        return f"2{rng.randrange(10**5):05d}{place:07d} "
    return f"2{rng.randrange(10**5):05d}{place:07d}" if place % 4 else f"2{place:07d}{rng.randrange(10**3):03d}"


def spell_name(name: str, place: int) -> str:
    """Real product names come with blanks around them and no-break spaces inside."""
    if place % 27 == 5:
        return f"{name} "
    if place % 270 == 11:
        return f" {name}"
    return name.replace(" ", "\N{NO-BREAK SPACE}", 1) if place % 160 == 3 else name
