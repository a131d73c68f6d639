"""Parity: whole command lines on whole databases, with the rows that must be there afterwards (`cases/`)."""
