-- tool_copy: the rows that tools have in resource_stats, where times are whole seconds (spec 40 §4).
SELECT
    resid,
    restype,
    datetime,
    period,
    processed_on,
    users,
    jobs,
    whole_seconds(avg_wall) AS avg_wall,
    whole_seconds(tot_wall) AS tot_wall,
    whole_seconds(avg_cpu) AS avg_cpu,
    whole_seconds(tot_cpu) AS tot_cpu
FROM tool_stats
