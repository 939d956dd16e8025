"""The demo's logins: made at random for one data folder, kept there in a file that its owner alone reads."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE_NAME = "demo-logins.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """One person of the demo."""

    role: str
    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """Who may log in, and the id and the key of the demo generator."""

    people: tuple[Login, ...]
    client_id: str
    api_key: str

    def find(self, username: str) -> Login:
        """Return the login of one person."""
        return next(login for login in self.people if login.username == username)


def read_logins(data_dir: Path) -> Logins:
    """Return the logins that `load_demo` made for a data folder."""
    data = json.loads((data_dir / FILE_NAME).read_text())
    return Logins(
        people=tuple(Login(**row) for row in data["people"]),
        client_id=data.get("client_id", ""),  # data folders of before have none
        api_key=data["api_key"],
    )


def write_logins(data_dir: Path, logins: Logins) -> None:
    """Keep the logins, readable by their owner alone."""
    descriptor = os.open(data_dir / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(logins), file, indent=2)
