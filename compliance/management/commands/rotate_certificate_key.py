"""`manage.py rotate_certificate_key`: sign with a new key from now on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.services.signing_keys import RotationRunning, get_key_path, rotate_keys


class Command(BaseCommand):
    """Make a new signing key; what the old ones signed can still be verified."""

    help = (
        "Make a new signing key. Old public keys stay published; their private halves are removed."
    )
    requires_system_checks: list[str] = []  # one of them asks for the key that this makes

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate and say what signs now."""
        try:
            ring = rotate_keys()
        except RotationRunning as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{get_key_path()} cannot be written: {error}") from error
        self.stdout.write(
            f"Certificates are signed with {ring.signing_key.kid} now; {len(ring.keys)} keys are published."
        )
