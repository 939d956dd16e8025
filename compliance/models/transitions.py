"""Moving a row from one status to the next, so that two movers cannot both succeed."""

from collections.abc import Mapping
from typing import Any

from django.db import models


class IllegalTransition(Exception):
    """The table has no arrow from the row's status to the wanted one."""

    def __init__(self, *, subject: str, current: str, wanted: str) -> None:
        super().__init__(f"{subject} is {current}: it cannot become {wanted}")
        self.subject = subject
        self.current = current
        self.wanted = wanted


class AlreadyMoved(Exception):
    """Another process moved the row first."""

    def __init__(self, *, subject: str, expected: str, wanted: str) -> None:
        super().__init__(f"{subject} is no longer {expected}: it was not made {wanted}")
        self.subject = subject


class StatusModel(models.Model):
    """A row whose `status` moves along `TRANSITIONS` and nowhere else."""

    TRANSITIONS: Mapping[str, frozenset[str]] = {}
    public_id: models.CharField[str, str]
    status: models.CharField[str, str]

    class Meta:
        abstract = True

    def transition_to(self, status: str, **changes: Any) -> None:
        """Move to `status` and set `changes`, in one conditional UPDATE.

        Raises
        ------
        IllegalTransition : if the table has no such arrow
        AlreadyMoved : if the stored status is no longer the one this object was read with
        """
        current = self.status
        if status not in self.TRANSITIONS.get(current, frozenset()):
            raise IllegalTransition(subject=self.public_id, current=current, wanted=status)
        unmoved = type(self)._base_manager.filter(models.Q(("status", current)), pk=self.pk)
        moved = unmoved.update(status=status, **changes)
        if not moved:
            raise AlreadyMoved(subject=self.public_id, expected=current, wanted=status)
        self.status = status
        for name, value in changes.items():
            setattr(self, name, value)
