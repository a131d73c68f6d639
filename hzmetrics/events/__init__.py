"""Event accounting: what happens on the hub, and whether it is unusual (spec 84).

Everything is a matter of the times of events, not of the times of updates, so cron yields what a daemon would have.
"""
