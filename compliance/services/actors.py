"""Who acts: the service itself, a generator, or a person; and whether the table of duties lets them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from compliance.lifecycle.duties import BY_ACTION
from compliance.models import Generator

# The kind of actor that somebody who signed in is.
PERSON = "user"


class NotAllowed(Exception):
    """The table of duties does not let this actor do this."""

    def __init__(self, *, actor: "Actor", action: str) -> None:
        duty = BY_ACTION[action]
        super().__init__(
            f"{actor.label} may not {duty.does}: that needs {duty.permission or duty.scope or 'the service'}"
        )
        self.action = action


class Person(Protocol):
    """Somebody who signed in."""

    def get_username(self) -> str:
        """Return the name in the record."""

    def has_perm(self, perm: str, /) -> bool:
        """Tell whether a role gives the permission."""


def _refuse(_permission: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts; `label` is what the record says: system, generator:<id> or user:<name>."""

    label: str
    has_perm: Callable[[str], bool] = _refuse
    scopes: frozenset[str] = frozenset()

    @property
    def kind(self) -> str:
        """Return system, generator or user."""
        return self.label.partition(":")[0]

    def require(self, action: str) -> None:
        """Return if the table lets this actor do so alone, or ask a second person for it.

        Raises
        ------
        NotAllowed : if not
        """
        duty = BY_ACTION[action]
        allowed = {
            "system": duty.system,
            "generator": bool(duty.scope) and duty.scope in self.scopes,
            PERSON: bool(duty.permission) and self.has_perm(duty.permission),
        }
        if not allowed.get(self.kind, False):
            raise NotAllowed(actor=self, action=action)


SYSTEM = Actor(label="system")


def name_people(label: str) -> str:
    """Return who acted as people say it: `user:mo and user:li` is "mo and li"."""
    return "the service" if label == SYSTEM.label else label.replace("user:", "")


def as_person(user: Person) -> Actor:
    """Return somebody who signed in."""
    return Actor(label=f"{PERSON}:{user.get_username()}", has_perm=user.has_perm)


def as_generator(generator: Generator, *, scopes: Collection[str]) -> Actor:
    """Return a generator with the scopes of its key or token."""
    return Actor(label=f"generator:{generator.public_id}", scopes=frozenset(scopes))
