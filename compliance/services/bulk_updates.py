"""Many rows at once, each with values of its own: one prepared UPDATE, run for every row.

Django's `bulk_update` writes one statement with a CASE for each row and column, and to put it together takes longer than the
database takes to run it.
"""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Model


def update_each(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Store the named fields of every row, which are of one model; call inside a transaction."""
    if not rows:
        return
    meta = rows[0]._meta
    columns = [column for column in meta.concrete_fields if column.name in fields]
    quote = connection.ops.quote_name
    assignments = ", ".join(f"{quote(column.column)} = %s" for column in columns)
    key = meta.pk
    statement = f"UPDATE {quote(meta.db_table)} SET {assignments} WHERE {quote(key.column)} = %s"  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [
                [
                    *(column.get_db_prep_save(getattr(row, column.attname), connection) for column in columns),
                    row.pk,
                ]
                for row in rows
            ],
        )  # fmt: skip
