"""Empty the database, including tables that guard their rows."""

from typing import Any

from django.core.management.commands import flush
from django.db import connections


class Command(flush.Command):
    """Django's flush, which on SQLite deletes row by row and so meets the triggers of append-only tables."""

    def handle(self, **options: Any) -> None:
        """Set the triggers aside, empty the tables, put the triggers back."""
        connection = connections[options["database"]]
        if connection.vendor != "sqlite":
            super().handle(**options)
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
        try:
            super().handle(**options)
        finally:
            with connection.cursor() as cursor:
                for _, sql in triggers:
                    cursor.execute(sql)
