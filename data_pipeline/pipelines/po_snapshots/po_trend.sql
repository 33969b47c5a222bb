-- One row per day and derived status: how many orders had a line in it. Days without a snapshot have no rows.
select business_date,
       stage,
       status,
       count(distinct po_number) as po_count
from po_snapshots_snapshot
group by business_date, stage, status
