-- One row per business date and order that is under way, oldest first by position: its least advanced line says how far
-- it is and since when. Received and Declined lines are left out; orders with no other lines are not under way.
-- Age in days at the snapshot's time, 00:00 UTC of its date; a draft was entered then.
select business_date,
       row_number() over (partition by business_date order by age_days desc, po_number) as position,
       po_number,
       stage,
       status,
       entered_at,
       age_days,
       supplier,
       store,
       line_count,
       qty,
       value_idr
from (
    select *,
           row_number() over (partition by business_date, po_number order by stage, age_days desc, sku) as place,
           count(*) over (partition by business_date, po_number) as line_count,
           cast(sum(line_qty) over (partition by business_date, po_number) as bigint) as qty,
           sum(amount) over (partition by business_date, po_number) as value_idr
    from (
        select business_date, po_number, sku, stage, status, entered_at, supplier, store, qty as line_qty, amount,
               case when status = 'Draft' then 0
                    else cast(extract(epoch from business_date) - extract(epoch from entered_at) as double precision)
                         / 86400
               end as age_days
        from po_snapshots_snapshot
        where status not in ('Received', 'Declined')
    ) as lines
) as placed
where place = 1
