"""The addresses, a module for each part of what administrators look at."""
