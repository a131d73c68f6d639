"""What the pages show, as values read from the tables. No HTML is made here, and nothing is written."""
