"""The one Alembic environment of all rooms; connection and schema come in the config's attributes."""

from alembic import context

schema = context.config.attributes["schema"]

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    version_table_schema=schema.name,
    include_schemas=True,
    include_name=lambda name, kind, _: kind != "schema" or name == schema.name,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
