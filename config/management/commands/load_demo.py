"""`manage.py load_demo`: the demo catalog, its licences, people and a generator, in an empty database."""

import datetime as dt
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from catalog.queries.audio_sources import list_audio_sources
from catalog.services.agreements import activate_grant, add_cap, add_grant, create_agreement
from catalog.services.parties import get_or_add_party
from compliance.models.generator import list_all_scopes
from compliance.services.api_keys import issue_api_key
from compliance.services.generators import create_generator
from compliance.services.indexing import update_index
from config.demo.logins import FILE_NAME, Login, Logins, write_logins

CATALOG = Path(__file__).resolve().parents[2] / "demo" / "catalog"
LICENSEE = "Cleartone Demo Campaign"
SIDES = ("master", "publishing", "voice")
USES = ("ai_output_generation", "personalised_song_stream", "download", "share_social_organic")
# Songs the demo's first licence allows in all.
SONG_CAP = 10_000
# Who works in the demo: role, username, groups.
PEOPLE = (
    ("operates", "admin", ()),
    ("prepares grants, recalls songs", "editor", ("Catalog editors", "Compliance officers")),
    ("activates and agrees", "approver", ("Catalog approvers", "Compliance approvers")),
    ("decides cases", "moderator", ("Moderators",)),
)


class Command(BaseCommand):
    """Load the demo once; a second time changes nothing."""

    help = "Load the demo catalog, licences, people and a generator."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load everything unless it is there."""
        if (settings.DATA_DIR / FILE_NAME).exists():
            self.stdout.write("The demo is loaded already.")
            return
        quiet = {"verbosity": 0, "stdout": self.stdout}
        call_command("import_stems", CATALOG / "stems.csv", audio_dir=CATALOG / "audio", **quiet)
        call_command(
            "import_references", CATALOG / "references.csv", audio_dir=CATALOG / "audio", **quiet
        )
        with transaction.atomic():
            people = tuple(make_person(role, username, groups) for role, username, groups in PEOPLE)
            license_stems(now=timezone.now())
            generator = create_generator(name="Demo generator", by="system")
            _, key = issue_api_key(
                generator=generator, label="demo", scopes=list_all_scopes(), by="system"
            )
            write_logins(
                settings.DATA_DIR, Logins(people=people, client_id=generator.public_id, api_key=key)
            )
        n_made = update_index()
        self.stdout.write(f"Demo catalog: {n_made} recordings fingerprinted and indexed.")


def make_person(role: str, username: str, groups: tuple[str, ...]) -> Login:
    """Make a user with a random password; the operator may do everything."""
    password = secrets.token_urlsafe(12)
    user = User.objects.create_user(
        username, password=password, is_staff=True, is_superuser=not groups
    )
    user.groups.set([Group.objects.get(name=name) for name in groups])
    return Login(role=role, username=username, password=password)


def license_stems(*, now: dt.datetime) -> None:
    """Enter one agreement an artist; the one on the Harbor piece's flute has ended."""
    today = now.date()
    licensee = get_or_add_party(name=LICENSEE)
    by_artist: dict[str, list[str]] = {}
    for source in list_audio_sources():
        if source.kind == "stem":
            by_artist.setdefault(source.artist, []).append(source.external_id)
    for number, (artist, stems) in enumerate(sorted(by_artist.items()), start=1):
        agreement = create_agreement(
            number=f"DEMO-{number:03d}",
            title=f"{artist}: stems for personal songs",
            licensor=get_or_add_party(name=artist),
            licensee=licensee,
            governing_law="England and Wales",
            signed_on=today - dt.timedelta(days=400),
        )
        ended = [stem for stem in stems if stem == "harbor-flute"]
        current = [stem for stem in stems if stem not in ended]
        grant = add_grant(
            agreement=agreement, sides=SIDES, uses=USES, territories="Worldwide",
            valid_from=today - dt.timedelta(days=365), valid_until=today + dt.timedelta(days=730), stems=current,
        )  # fmt: skip
        add_cap(grant=grant, limit=SONG_CAP)
        activate_grant(grant=grant, by=None, now=now)
        if ended:
            past = add_grant(
                agreement=agreement, sides=SIDES, uses=USES, territories="Worldwide",
                valid_from=today - dt.timedelta(days=365), valid_until=today - dt.timedelta(days=30), stems=ended,
            )  # fmt: skip
            # Its stem was active while it ran, and still is: what keeps it from being used is the grant alone.
            activate_grant(grant=past, by=None, now=now - dt.timedelta(days=365))
