"""How results leave the program: as lines, tables and progress bars of a terminal, as JSON, and as CSV.

Text of logs, databases and file names is never a markup, a terminal control or a formula there. Nothing else prints,
writes JSON or CSV, or imports rich (tests/output/test_one_way.py).
"""
