"""A small pipeline declaration to change in tests."""

import copy
from typing import Any

import yaml

from data_pipeline.model.spec import PipelineSpec

DECLARED: dict[str, Any] = yaml.safe_load("""
name: shelf
title: Shelf
description: What lies on a shelf.
source: {reject_file_over_percent: 100, ignored_headers: ["No"]}
columns:
  - {name: sku, header: SKU, type: text}
  - {name: brand, header: Brand, type: text, nullable: true}
  - {name: store, header: Toko, type: text}
  - {name: stock, header: Stok, aliases: [Stock], type: integer}
  - {name: daily_sales, header: Daily Sales, type: number}
  - {name: last_sales, header: Last Sales, type: text, nullable: true, published: false}
rules:
  - {kind: unique, name: sku_once, columns: [sku]}
  - {kind: range, name: stock_not_negative, column: stock, minimum: 0, severity: warn}
  - {kind: range, name: sales_in_bounds, column: daily_sales, minimum: 0, maximum: 1000}
identity: {store_column: store, sales_date_column: last_sales, chain_prefixes: [Miss Glam]}
roster: {file: stores.csv, column: name, exclude: "^PT "}
process: {processor: "processors:compute", options: {rule_set: R3}}
grain: [store, sku]
measures: {stock: [stock]}
marts: [shelf_conditions]
outputs:
  - {name: complete, per: file, style: indonesian, columns: {SKU: sku, Stok: stock}}
""")


def declare_shelf(**changes: Any) -> dict[str, Any]:
    """What the pipeline.yaml says, with whole top-level keys replaced."""
    return {**copy.deepcopy(DECLARED), **changes}


def shelf_spec(**changes: Any) -> PipelineSpec:
    """The declared pipeline."""
    return PipelineSpec.model_validate(declare_shelf(**changes))
