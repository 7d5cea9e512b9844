"""What the city is: types, cells, coordinates, stores, queries and live state."""
