"""The pages: a static site that shows the numbers to everybody.

`figures` are what a page shows, as values; `pages` makes HTML of them; `site` writes files, a generation at a time.
"""
