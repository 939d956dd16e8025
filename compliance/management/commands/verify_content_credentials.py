"""`manage.py verify_content_credentials`: whether a song is as it was signed, and what it says of itself. Works offline."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.audio.decoder import sniff_container
from compliance.certificates.content_credentials import (
    CERTIFICATE_LABEL,
    LICENSE_FIELD,
    CredentialsReading,
    UnreadableCredentials,
    ValidationState,
    get_media_type,
    read_credentials,
)


class Command(BaseCommand):
    """Verify content credentials; the exit code is 0 only if the file is as it was signed."""

    help = "Verify the content credentials (C2PA) of a file: no database, no network."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the files."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--sidecar", type=Path, help="the manifest beside the file (.c2pa), for ogg and aiff"
        )
        parser.add_argument(
            "--trust", type=Path, metavar="PEM", help="root certificates that you trust"
        )
        parser.add_argument("--json", action="store_true", help="print the manifest as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what the credentials say; fail if the file was altered, or is not signed."""
        path = options["file"]
        try:
            with path.open("rb") as file:
                container = sniff_container(file.read(16))
            reading = read_credentials(
                path,
                media_type=get_media_type(container),
                sidecar=options["sidecar"].read_bytes() if options["sidecar"] else None,
                trust_anchors=options["trust"].read_text() if options["trust"] else "",
            )
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        except UnreadableCredentials as error:
            raise CommandError(f"NOT SIGNED: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(reading.manifest, indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(describe(reading)))
        if not reading.is_intact:
            raise CommandError(f"INVALID: {', '.join(reading.problems)}")
        self.stdout.write(reading.state.upper())


def describe(reading: CredentialsReading) -> list[str]:
    """Return what the credentials say, one line a fact."""
    assertions = {each["label"]: each["data"] for each in reading.manifest.get("assertions", ())}
    actions = assertions.get("c2pa.actions.v2", {}).get("actions", ())
    sources = [action.get("digitalSourceType", "").rpartition("/")[2] for action in actions]
    training = assertions.get("cawg.training-mining", {}).get("entries", {})
    rules = [f"{use} {rule['use']}" for use, rule in sorted(training.items())]
    trust = "" if reading.state == ValidationState.TRUSTED else ", on no trust list that was asked"
    return [
        f"title        {reading.manifest.get('title')}",
        f"signer       {reading.signer}{trust}",
        f"source       {', '.join(filter(None, sources)) or 'not told'}",
        *(f"ingredient   {line}" for line in _list_ingredients(reading.manifest)),
        f"training     {', '.join(rules) or 'not told'}",
        f"certificate  {assertions.get(CERTIFICATE_LABEL, {}).get('certificate', 'none named')}",
    ]


def _list_ingredients(manifest: dict[str, Any]) -> list[str]:
    lines = []
    for ingredient in manifest.get("ingredients", ()):
        licensed = ingredient.get("metadata", {}).get(LICENSE_FIELD, {})
        grants = ", ".join(licensed.get("grants", ())) or "no grant named"
        lines.append(f"{ingredient['relationship']} {ingredient.get('title')} ({grants})")
    return lines
