-- One row per business date and derived status: orders, lines, pieces, value in IDR, age in days.
-- An order whose lines differ counts in several statuses. Age is of lines, at the snapshot's time: 00:00 UTC of its date.
select business_date,
       stage,
       status,
       count(distinct po_number) as po_count,
       count(*) as line_count,
       cast(sum(qty) as bigint) as qty,
       sum(amount) as value_idr,
       avg(age_days) as avg_age_days,
       max(age_days) as max_age_days
from (
    select *,
           case when status = 'Draft' then 0
                else cast(extract(epoch from business_date) - extract(epoch from entered_at) as double precision) / 86400
           end as age_days
    from po_snapshots_snapshot
) as lines
group by business_date, stage, status
