-- The samples of each user added up by weight: the active ones, and all. A sample loses half its weight every half-life;
-- one later than `at` weighs 1 (spec 80 §6). They are added in the order of time: the last digits depend on the order.
--
-- grain: a user
-- reads: samples, decay
-- columns:
--   username        VARCHAR  name
--   active          DOUBLE   weights of the samples at which the user was active
--   total           DOUBLE   weights of all samples
--   active_samples  BIGINT   number of the samples at which the user was active
--   samples         BIGINT   number of all samples

SELECT
    username,
    sum(weight * is_active ORDER BY timestamp) AS active,
    sum(weight ORDER BY timestamp) AS total,
    sum(is_active)::BIGINT AS active_samples,
    count(*) AS samples
FROM (
    SELECT
        username,
        timestamp,
        is_active,
        pow(2, -greatest(0, decay.at - epoch(timestamp::TIMESTAMP)) / 3600 / decay.half_life) AS weight
    FROM samples, decay
)
GROUP BY username
