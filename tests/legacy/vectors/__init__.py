"""The adapters of the golden vectors, one module an area."""
