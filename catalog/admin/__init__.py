"""What people do in the admin, one subject a file."""

from catalog.admin import (  # noqa: F401 - importing registers them
    agreements,
    caps,
    change_sets,
    consents,
    grants,
    music,
    parties,
    references,
    shares,
    twins,
)
