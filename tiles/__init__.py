"""Drawing: tile bytes, archives and styles."""
