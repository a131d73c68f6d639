"""When to do what: modes, months, lock, state. Never how."""
