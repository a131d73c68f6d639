"""Status, doctor and audit."""
