"""`manage.py verify_certificate`: does this certificate hold, and is it about this audio? Works offline."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from compliance.audio.decoding import DecodingLimits, UnreadableAudio
from compliance.certificates.certificate import (
    Certificate,
    Standing,
    judge_standing,
    read_certificate,
)
from compliance.certificates.keys import InvalidKeys, KeyRing, parse_keys
from compliance.certificates.status_list import StatusList, read_status_list
from compliance.certificates.tokens import InvalidToken
from compliance.services.signing_keys import load_keys
from compliance.services.song_fingerprint import compute_song_fingerprint


class Command(BaseCommand):
    """Verify a certificate; the exit code is 0 only if it holds and fits."""

    help = "Verify a certificate: signature, period, status, audio. Reads files alone: no database, no network."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the token and the files."""
        parser.add_argument("token", help="the certificate, or a file that holds it")
        parser.add_argument("--audio", type=Path, help="the song that it should be about")
        parser.add_argument(
            "--jwks",
            type=Path,
            help="keys from /.well-known/jwks.json (default: this service's own)",
        )
        parser.add_argument(
            "--status-list", type=Path, help="the list that the certificate names, as downloaded"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, print what is certified, fail with the reason if it does not hold."""
        try:
            keys = parse_keys(read_file(options["jwks"])) if options["jwks"] else load_keys()
            certificate = read_certificate(token=find_token(options["token"]), keys=keys)
            statuses = read_list(options["status_list"], keys=keys)
            standing = judge_standing(
                certificate=certificate, statuses=statuses, now=timezone.now()
            )
        except (InvalidToken, InvalidKeys) as error:
            raise CommandError(f"INVALID: {error}") from error
        self.stdout.write("\n".join(describe(certificate, statuses)))
        audio = match_audio(certificate, options["audio"]) if options["audio"] else None
        if audio:
            self.stdout.write(f"audio        {audio}")
        if standing != Standing.VALID:
            raise CommandError(
                f"{standing.upper()}: the certificate is genuine but does not hold now."
            )
        self.stdout.write("VALID")


def read_file(path: Path) -> str:
    """Return a file's text, or fail with a sentence."""
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error


def find_token(argument: str) -> str:
    """Return the token itself; three parts with dots between them are no file's name."""
    is_token = argument.count(".") == 2 and argument.startswith("eyJ")
    return argument if is_token else read_file(Path(argument)).strip()


def read_list(path: Path | None, *, keys: KeyRing) -> StatusList | None:
    """Return the status list in a file, or None without one."""
    if path is None:
        return None
    try:
        return read_status_list(token=read_file(path).strip(), keys=keys)
    except InvalidToken as error:
        raise CommandError(f"INVALID STATUS LIST {path}: {error}") from error


def match_audio(certificate: Certificate, path: Path) -> str:
    """Say how a file fits the certificate; fail if it is another song."""
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == certificate.audio_sha256:
                return "the certified file"
        limits = DecodingLimits(max_duration_s=settings.MAX_AUDIO_DURATION_S)
        found = compute_song_fingerprint(path, limits=limits)
    except (OSError, UnreadableAudio) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    if found == certificate.fingerprint:
        return "another file with the certified sound (same fingerprint)"
    raise CommandError(f"OTHER AUDIO: {path} is not what the certificate is about.")


def describe(certificate: Certificate, statuses: StatusList | None) -> list[str]:
    """Return what is certified, one line a fact."""
    stems = (
        f"{stem.stem} ({', '.join(grant.label for grant in stem.grants) or 'no grant named'})"
        for stem in certificate.stems
    )
    checked = (
        f"as of {statuses.issued_at:%Y-%m-%d %H:%M:%S} UTC"
        if statuses
        else f"not checked: download {certificate.status_uri}"
    )
    return [
        f"issuer       {certificate.issuer}",
        f"approval     {certificate.approval} of {certificate.submission}",
        f"sha256       {certificate.audio_sha256}",
        f"stems        {', '.join(stems)}",
        f"territories  {' '.join(certificate.territories)}",
        f"uses         {' '.join(certificate.uses)}",
        f"period       {certificate.valid_from:%Y-%m-%d %H:%M} to {certificate.valid_to:%Y-%m-%d %H:%M} UTC",
        f"status       {checked}",
    ]
