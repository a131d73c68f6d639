"""The pages: a static site that shows the numbers to everybody.

`figures` are what a page shows, as values, and `charts` what it draws. `contents` say which pages there are; `pages`
makes HTML of them, and `site` writes files, a generation at a time.
"""
