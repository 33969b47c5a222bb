-- One row per business date and supplier: days from sent to arrived, order by order, fastest supplier first by position.
-- An order's lead time is that of its last sending and its last arrival, of lines that have both after 1999.
-- Orders that arrived before they were sent are counted apart and are in no average.
select business_date,
       row_number() over (partition by business_date order by avg_lead_time_days nulls last, supplier) as position,
       supplier,
       po_count,
       avg_lead_time_days,
       min_lead_time_days,
       max_lead_time_days,
       negative_po_count
from (
    select business_date,
           supplier,
           count(*) filter (where lead_time_days >= 0) as po_count,
           avg(lead_time_days) filter (where lead_time_days >= 0) as avg_lead_time_days,
           min(lead_time_days) filter (where lead_time_days >= 0) as min_lead_time_days,
           max(lead_time_days) filter (where lead_time_days >= 0) as max_lead_time_days,
           count(*) filter (where lead_time_days < 0) as negative_po_count
    from (
        select business_date,
               supplier,
               po_number,
               cast(max(extract(epoch from arrived_at)) - max(extract(epoch from sent_at)) as double precision) / 86400
                   as lead_time_days
        from po_snapshots_snapshot
        -- 2000-01-01 00:00 UTC
        where extract(epoch from sent_at) >= 946684800 and extract(epoch from arrived_at) >= 946684800
        group by business_date, supplier, po_number
    ) as orders
    group by business_date, supplier
) as suppliers
