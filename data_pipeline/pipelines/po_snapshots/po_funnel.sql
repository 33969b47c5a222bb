-- One row per business date and derived status but Declined, in the order of the chart: Released, Sent, Approved,
-- Arrived, Received, then Draft. The same counts and values as the cards.
select business_date,
       case when stage = 0 then 7 else stage end as position,
       status,
       count(distinct po_number) as po_count,
       count(*) as line_count,
       cast(sum(qty) as bigint) as qty,
       sum(amount) as value_idr
from po_snapshots_snapshot
where status <> 'Declined'
group by business_date, stage, status
