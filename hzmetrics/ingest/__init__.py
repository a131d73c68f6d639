"""Log files to rows: finding them, reading them, deciding which lines count, remembering which were imported.

See spec 10.
"""
