"""What people do in the admin, one subject a file."""

from catalog.admin import (  # noqa: F401 - importing registers them
    agreements,
    caps,
    change_sets,
    consents,
    fees,
    grants,
    music,
    options,
    parties,
    references,
    shares,
    twins,
    use_approvals,
)
