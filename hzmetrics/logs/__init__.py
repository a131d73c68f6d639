"""What a log line says."""
