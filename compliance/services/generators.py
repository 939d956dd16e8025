"""Register generators."""

from django.db import transaction

from compliance.models import Generator
from compliance.services.events import record_event


@transaction.atomic
def create_generator(*, name: str, by: str, contact_email: str = "") -> Generator:
    """Register a machine client; its keys are issued one by one."""
    generator = Generator.objects.create(name=name, contact_email=contact_email)
    record_event(
        kind="generator.created", subject=f"generator:{generator.public_id}", actor=by,
        generator=generator.public_id,
    )  # fmt: skip
    return generator
