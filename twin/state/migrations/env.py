"""Run by alembic: migrate the connection that the state store hands over."""

from alembic import context

from twin.state.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
