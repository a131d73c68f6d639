"""Completing rows after ingestion: one module for each question asked of a row (spec 20)."""
