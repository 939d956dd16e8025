"""Register generators."""

from django.db import transaction

from compliance.models import Generator
from compliance.services.events import record_event


@transaction.atomic
def create_generator(
    *, name: str, by: str, contact_email: str = "", sandbox_of: Generator | None = None
) -> Generator:
    """Register a machine client; its keys are issued one by one."""
    generator = Generator.objects.create(
        name=name, contact_email=contact_email, sandbox_of=sandbox_of
    )
    record_event(
        kind="generator.created", subject=f"generator:{generator.public_id}", actor=by,
        generator=generator.public_id,
    )  # fmt: skip
    return generator


@transaction.atomic
def get_or_create_sandbox(*, generator: Generator, by: str) -> Generator:
    """Return the generator in whose name a client practices; the first one to ask makes it."""
    sandbox = Generator.objects.filter(sandbox_of=generator).first()
    if sandbox is None:
        sandbox = create_generator(
            name=f"{generator.name} (sandbox)", by=by, contact_email=generator.contact_email, sandbox_of=generator
        )  # fmt: skip
    return sandbox
