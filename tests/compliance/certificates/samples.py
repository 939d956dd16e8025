"""One good certificate, to be varied with dataclasses.replace."""

import datetime as dt

from compliance.certificates.certificate import (
    Certificate,
    CertifiedGrant,
    CertifiedStem,
    SongFingerprint,
)

ISSUED_AT = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
STATUS_URI = "https://cleartone.example/api/v1/status-lists/0"


def make_certificate(**changes) -> Certificate:
    fields = {
        "issuer": "https://cleartone.example",
        "approval": "apr_1",
        "submission": "sub_1",
        "audio_sha256": "ab" * 32,
        "fingerprint": SongFingerprint(algorithm="chromaprint", version=1, sha256="cd" * 32),
        "stems": (CertifiedStem(stem="drums", grants=(CertifiedGrant(id=7, label="A-1/1"),)),),
        "territories": ("AT", "DE"),
        "uses": ("personalised_song_stream",),
        "issued_at": ISSUED_AT,
        "valid_from": ISSUED_AT,
        "valid_to": ISSUED_AT + dt.timedelta(days=90),
        "rights_policy": "rights-1",
        "engine_version": "1.0",
        "status_uri": STATUS_URI,
        "status_index": 5,
    }
    return Certificate(**fields | changes)
