"""Data in: source files and feeds become validated tables of the city."""
