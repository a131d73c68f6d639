-- The fields of a request, and the groups of each format's grammar by name (`formats`).

CREATE OR REPLACE MACRO request_fields(
    day, clock, process, request, status, size, address, referrer, agent, uid, session, cookie, auth, component,
    view_name, task, action_name, item
) AS {
    'day': day, 'clock': clock, 'process': process, 'request': request, 'status': status, 'size': size,
    'address': address, 'referrer': referrer, 'agent': agent, 'uid': uid, 'joomla_sessionid': session,
    'site_cookie': cookie, 'auth_type': auth, 'component_name': component, 'view_name': view_name,
    'task_name': task, 'action_name': action_name, 'item_name': item
};

CREATE OR REPLACE MACRO full_groups() AS [
    'day', 'clock', 'process', 'request', 'status', 'size', 'address', 'referrer', 'agent', 'uid', 'joomla_sessionid',
    'site_cookie', 'auth_type', 'component_name', 'view_name', 'task_name', 'action_name', 'item_name'
];

CREATE OR REPLACE MACRO short_groups() AS [
    'day', 'clock', 'request', 'status', 'size', 'address', 'referrer', 'agent', 'rest'
];

CREATE OR REPLACE MACRO combined_groups() AS [
    'address', 'day', 'clock', 'request', 'status', 'size', 'rest', 'referrer', 'agent'
];

-- Whether one of the texts in a list occurs in `value`.
CREATE OR REPLACE MACRO contains_any(value, texts) AS len(list_filter(texts, lambda t: contains(value, t))) > 0;
