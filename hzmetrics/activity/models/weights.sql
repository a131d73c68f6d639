-- weights: for each user, the samples added up by weight: the active ones, and all. A sample loses half its weight every
-- half-life; one later than `at` weighs 1 (spec 80 §6).
SELECT
    username,
    sum(weight * is_active) AS active,
    sum(weight) AS total,
    sum(is_active)::BIGINT AS active_samples,
    count(*) AS samples
FROM (
    SELECT
        username,
        is_active,
        pow(2, -greatest(0, basis.at - epoch(timestamp::TIMESTAMP)) / 3600 / basis.half_life) AS weight
    FROM samples, basis
)
GROUP BY username
