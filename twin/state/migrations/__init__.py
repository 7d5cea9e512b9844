"""Steps of the live state schema, run by alembic."""
