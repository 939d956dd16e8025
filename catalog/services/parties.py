"""Parties: found by name, or entered."""

from catalog.models import Party
from catalog.models.parties import PartyKind


def get_or_add_party(*, name: str, kind: str = PartyKind.PERSON) -> Party:
    """Return the party credited by this name, entering it if there is none.

    Of several with one name the first entered is meant; legal staff tell them apart in the admin.
    """
    found = Party.objects.filter(name=name).order_by("id").first()
    return found or Party.objects.create(name=name, kind=kind)
