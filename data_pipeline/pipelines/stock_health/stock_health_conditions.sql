-- One row per business date, store, condition and overstock degree: SKUs, pieces and their value in IDR.
-- Value counts no negative stock; pieces do (owner's rule). Conditions are of unrounded values.
select business_date,
       store,
       condition,
       overstock_degree,
       count(*) as sku_count,
       sum(stock) as pieces,
       sum(greatest(stock, 0) * unit_cost) as value_idr
from stock_health_snapshot
group by business_date, store, condition, overstock_degree
