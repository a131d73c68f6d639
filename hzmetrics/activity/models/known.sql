-- known: the people whose state is kept: those of whom there is something to tell, or was when it was last `stored`.
SELECT people.*
FROM people, scope
WHERE everybody OR server_active = 1 OR last_activity IS NOT NULL OR username IN (SELECT username FROM stored)
