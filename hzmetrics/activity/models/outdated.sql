-- outdated: the users whose stored state is no longer so, or who are gone.
SELECT username FROM (FROM stored EXCEPT FROM known)
