-- What tells that a line of an auth log became a row of `userlogin`, of every recognised line (spec 10 §13).
SELECT DISTINCT datetime, ip, "user", action FROM auth_judged
