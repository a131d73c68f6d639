-- The fields of a hub's request, and the groups of each format's grammar by name (`grammar`).

CREATE OR REPLACE MACRO request_fields(
    day, clock, zone_text, process, request, status, size, address, referrer, agent, uid, session, cookie, auth,
    component, view_name, task, action_name, item
) AS {
    'day': day, 'clock': clock, 'zone': zone_text, 'process': process, 'request': request, 'status': status,
    'size': size, 'address': address, 'referrer': referrer, 'agent': agent, 'uid': uid, 'joomla_sessionid': session,
    'site_cookie': cookie, 'auth_type': auth, 'component_name': component, 'view_name': view_name,
    'task_name': task, 'action_name': action_name, 'item_name': item
};

CREATE OR REPLACE MACRO full_groups() AS [
    'day', 'clock', 'zone', 'process', 'request', 'status', 'size', 'address', 'referrer', 'agent', 'uid',
    'joomla_sessionid', 'site_cookie', 'auth_type', 'component_name', 'view_name', 'task_name', 'action_name',
    'item_name'
];

CREATE OR REPLACE MACRO short_groups() AS [
    'day', 'clock', 'zone', 'request', 'status', 'size', 'address', 'referrer', 'agent', 'rest'
];

-- Whether a zone is an offset that the reference's grammar does not take (spec 10 §2.2).
CREATE OR REPLACE MACRO is_foreign_zone(zone_text) AS contains(zone_text, '+') OR contains(zone_text, ':');

-- The instant of a hub's time if its zone is an offset; NULL for the name of a zone.
CREATE OR REPLACE MACRO hub_instant(t, zone_text) AS CASE
    WHEN zone_text IN ('UTC', 'GMT') OR NOT regexp_full_match(zone_text, '[A-Za-z]*')
        THEN less_minutes(TRY_CAST(t AS TIMESTAMP), offset_minutes(zone_text))
END;

-- The number that a status is; 0 for anything else.
CREATE OR REPLACE MACRO code(status) AS
    CASE WHEN strlen(status) = 3 THEN coalesce(TRY_CAST(status AS INTEGER), 0) ELSE 0 END;
