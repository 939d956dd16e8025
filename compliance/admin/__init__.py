"""What people do in the admin, one subject a file."""

from compliance.admin import (
    approvals,
    generators,
    recalls,
    requests,
    reverification,
    songs,
    usage,
    webhooks,
    work,
)

__all__ = [
    "approvals",
    "generators",
    "recalls",
    "requests",
    "reverification",
    "songs",
    "usage",
    "webhooks",
    "work",
]
