"""What an operator asks about an installation: `status`, `doctor`, `audit`."""
