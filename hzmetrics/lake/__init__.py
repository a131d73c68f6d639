"""The rows that the grids count as open files, and the grids computed from them, on one machine or several."""
