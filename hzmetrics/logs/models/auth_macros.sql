-- The groups of the auth shapes by name (`formats`).

CREATE OR REPLACE MACRO auth_groups() AS ['day', 'clock', 'uid', 'user', 'address', 'action'];

CREATE OR REPLACE MACRO auth_name_groups() AS ['day', 'clock', 'user', 'address', 'action'];
