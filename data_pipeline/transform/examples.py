"""One declaration of every verb, as the docs show it and the tests try it."""

from collections.abc import Mapping
from typing import Any

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "trim": {"columns": ["brand", "name"], "blank_is_null": True},
    "normalise": {"columns": ["name"], "form": "NFKC"},
    "case": {"columns": ["unit"], "to": "lower"},
    "email": {"column": "mail", "otherwise": "null"},
    "strip_html": {"columns": ["note"]},
    "parse_number": {"columns": ["price_text"], "decimal_mark": ","},
    "parse_date": {"columns": ["due_text"], "order": "dmy"},
    "convert_unit": {"column": "weight", "unit_column": "unit", "to": "kg", "factors": {"carton": 12}},
    "convert_currency": {
        "column": "price",
        "currency_column": "currency",
        "to": "IDR",
        "rates": {"USD": 16250, "SGD": 12100},
        "decimals": 0,
        "into": "price_idr",
    },
    "default": {"values": {"unit": "pcs", "stock": 0}},
    "rename": {"columns": {"name": "product"}},
    "map_values": {
        "column": "status",
        "values": {"selesai": "done", "batal": "cancelled"},
        "ignore_case": True,
        "otherwise": "keep",
    },
    "derive": {"columns": {"value": "price * stock", "is_dear": "value > 1000000"}},
    "split": {"column": "place", "by": ",", "into": ["city", "island"], "too_many": "join"},
    "mask": {"columns": ["phone"], "first": 2, "last": 2},
    "hash": {"columns": ["mail"], "purpose": "customers"},
    "lookup": {
        "column": "brand",
        "file": "brands.csv",
        "key": "Brand",
        "value": "Country",
        "into": "country",
        "missing": "default",
        "default": "unknown",
    },
    "join_reference": {
        "file": "suppliers.csv",
        "on": {"brand": "Brand"},
        "take": {"supplier": "Supplier", "order_day": "Day"},
        "cardinality": "m:1",
        "missing": "reject",
    },
    "explode": {"column": "tags", "by": ";"},
    "filter": {"where": "stock > 0 AND status <> 'batal'"},
    "drop_duplicates": {"columns": ["sku"], "keep": "last", "order": ["seen_at"]},
    "aggregate": {
        "by": ["brand"],
        "totals": {
            "stock": {"how": "sum", "of": "stock"},
            "dearest": {"how": "max", "of": "price"},
            "rows": {"how": "rows"},
        },
    },
    "anomaly_score": {"column": "price", "method": "baseline", "multiplier": 0.1, "threshold": 8},
    "quality_score": {"filled": ["name", "brand", "mail"], "valid": {"fair": "price > 0"}, "weights": {"fair": 2}},
}
