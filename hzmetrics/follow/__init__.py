"""Following live logs by byte offset, across rotation, truncation and compression (84 §3)."""
