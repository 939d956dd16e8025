"""Append events."""

from typing import Any

from compliance.models import Event


def record_event(
    *, kind: str, subject: str, actor: str, generator: str = "", data: dict[str, Any] | None = None
) -> None:
    """Append what happened; call inside the transaction that made it happen."""
    Event.objects.create(
        kind=kind, subject=subject, actor=actor, generator_id_text=generator, data=data or {}
    )
