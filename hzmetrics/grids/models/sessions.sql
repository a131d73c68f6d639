-- materialised
-- S: the sessions of the windows. visitor: address and host, none when there is no host; class: of the domain, none for
-- class 0, 4 or a domain in no list; hidden: the depth down to which the address is one somebody logged in from.
SELECT
    fold(s.ip) AS ip,
    fold(s.ip) || chr(31) || fold(s.host) AS visitor,
    country_of(s.ipcountry) AS country,
    fold(s.domain) AS domain,
    c.class,
    s.duration,
    s.jobs,
    depth(s.datetime) AS depth,
    d.sessionid IS NOT NULL AS has_download,
    coalesce(d.depth, 0) AS download_depth,
    coalesce(l.depth, 0) AS hidden
FROM websessions AS s
LEFT JOIN downloads AS d ON d.sessionid = s.id
LEFT JOIN login_addresses AS l ON l.ip = fold(s.ip)
LEFT JOIN classes AS c ON c.domain = fold(s.domain)
WHERE depth(s.datetime) > 0
