-- The rows of `userlogin`, in file order; ids are missing, duplicates are not.
SELECT datetime, "user", "uidNumber", ip, action FROM auth_judged WHERE dropped_by IS NULL ORDER BY number
