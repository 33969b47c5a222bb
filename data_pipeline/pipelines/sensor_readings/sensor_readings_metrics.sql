select business_date,
       count(*) as processed,
       sum(case when is_anomaly then 1 else 0 end) as anomalies,
       sum(value) as value_sum,
       avg(value) as value_mean,
       count(distinct sensor_id) as sensors
from sensor_readings_snapshot
group by business_date
