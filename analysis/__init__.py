"""Questions and scenarios: city objects in, frozen results out."""
