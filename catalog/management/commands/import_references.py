"""Import recordings that no song may contain."""

from catalog.management.import_command import ImportCommand
from catalog.services.ingest import import_references


class Command(ImportCommand):
    """Import references: all rows or none."""

    help = "Import reference recordings from a CSV table and a folder of audio: all rows or none."
    run_import = staticmethod(import_references)
