-- changed: the states that are not stored yet.
FROM known EXCEPT FROM stored
