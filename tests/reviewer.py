"""Somebody who signed in, without an account: as services take a person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person who has the named permissions; all of them when none is named."""

    name: str
    permissions: frozenset[str] | None = None

    def get_username(self) -> str:
        return self.name

    def has_perm(self, perm: str) -> bool:
        return self.permissions is None or perm in self.permissions
