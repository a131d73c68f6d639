"""Bringing a metrics database of any age to the present layout without losing a row (spec 70 §8).

`inventory` looks at what is there, `plan` says which steps are still needed, `apply` takes them one at a time and looks
again after each: what decides is always the state of the database. Light steps are what `init` and the cron tick may
do; heavy ones wait for `migrate --apply`.
"""
