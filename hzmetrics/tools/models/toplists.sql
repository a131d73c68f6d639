-- The rows of stats_topvals (spec 40 §6). Rank 0 is the headline; then come the published tools, the largest figure
-- first.
--
-- grain: a list, period and rank
-- reads: run, headlines, figures, published
-- columns:
--   top       INTEGER  the list, as in figures
--   datetime  VARCHAR  time under which the row is stored
--   period    BIGINT   code of the period
--   rank      BIGINT   place in the list
--   name      VARCHAR  headline, or number and title of the tool
--   value     BIGINT   users, jobs or whole s

SELECT
    top,
    run.datetime,
    period,
    0 AS rank,
    CASE top
        WHEN 2 THEN 'Total Simulation Users'
        WHEN 5 THEN 'Total Simulation Runs'
        WHEN 6 THEN 'Total Simulation Wall Time'
        WHEN 7 THEN 'Total Simulation CPU Time'
        WHEN 8 THEN 'Total Simulation Interaction Time'
    END AS name,
    rounded(figure) AS value
FROM headlines
CROSS JOIN run
UNION ALL
SELECT
    figures.top,
    run.datetime,
    figures.period,
    row_number() OVER (
        PARTITION BY figures.top, figures.period ORDER BY figures.figure DESC NULLS LAST, figures.resid, figures.id
    ),
    figures.resid || ' ~ ' || published.title,
    rounded(coalesce(figures.figure, 0))
FROM figures
JOIN published ON published.id = figures.resid
CROSS JOIN run
ORDER BY top, period, rank
