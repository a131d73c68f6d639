"""Runs Alembic's revisions on the connection that `hzmetrics.store.version` hands over."""

from alembic import context

from hzmetrics.store.tables import metrics

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metrics.metadata)
with context.begin_transaction():
    context.run_migrations()
if connection.in_transaction():
    connection.commit()
