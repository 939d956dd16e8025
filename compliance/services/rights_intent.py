"""The intended use as generators send it and as clearances store it."""

import datetime as dt
from dataclasses import replace
from typing import Any

from catalog.rights.intended_use import IntendedUse, make_intended_use


def read_intent(data: dict[str, Any]) -> IntendedUse:
    """Return the intended use in `territories`, `uses`, `starts_on`, `ends_on` (ISO dates, the end exclusive) and `campaign`.

    `plays` and `seconds`, where given, say what is expected of one song.

    Raises
    ------
    InvalidIntendedUse : if it names an unknown territory or use, or ends before it starts
    """
    intent = make_intended_use(
        territories=data["territories"],
        uses=data["uses"],
        starts_on=dt.date.fromisoformat(data["starts_on"]),
        ends_on=dt.date.fromisoformat(data["ends_on"]),
        campaign=data.get("campaign", ""),
    )
    return replace(intent, plays=data.get("plays"), seconds=data.get("seconds"))
