"""The tables: of the metrics database, of the live side, and of the hub."""
