#!/usr/bin/env python
"""Run Django's commands for Cleartone."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db.utils import OperationalError, ProgrammingError

# How SQLite and PostgreSQL say that the tables are not there, or are those of an earlier release.
NOT_MIGRATED = ("no such table", "no such column", "relation ", "column ")


def main() -> None:
    """Run the command named on the command line; a database that is not ready is told in one line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        reason = str(error).splitlines()[0]
        if any(words in reason for words in NOT_MIGRATED):
            sys.exit(f"The database is not set up ({reason}): run `manage.py migrate` first.")
        sys.exit(f"The database cannot be used: {reason}")


if __name__ == "__main__":
    main()
