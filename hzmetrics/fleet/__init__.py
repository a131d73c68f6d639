"""Many hubs, counted the same way: their cells, the sums over them, and the pages that show both."""
