"""Following live logs by byte offset, across rotation, truncation and compression (spec 84 §3)."""
