"""Event accounting: what happens on the hub, and whether it is unusual (spec 84).

Results depend on the times of events, not on the times of updates: cron gives the same results as a daemon.
"""
