"""What an installation consists of: directories and databases, created and updated (spec 65 §4, spec 70 §8)."""
