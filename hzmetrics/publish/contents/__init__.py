"""What each kind of page is made of: one module a kind, which puts its pages and their data into a generation."""
