"""From where to where is a known recording heard?  What agrees with it while it is heard says so, all of it together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# Evidence is added up in steps of this, in seconds.
STEP_S = 0.05

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What one comparison says over time.

    Attributes
    ----------
    times_s : ndarray, shape (n,), evenly spaced
    log_odds : ndarray, shape (n,), logarithm of how much likelier what was seen is while the recording is heard than while
        it is not, or less; neighbors that see the same sound share its weight
    """

    times_s: Floats
    log_odds: Floats


def find_ends(
    agreements: Sequence[Agreement], *, start_s: float, end_s: float
) -> tuple[float, float] | None:
    """Return the first and last second at which the recording is heard; None where nothing says so.

    Parameters
    ----------
    start_s, end_s : a stretch in which it is known to be heard

    Notes
    -----
    Each end is where the log odds add up to most from the middle of the stretch on: the most likely point of change.
    """
    if not agreements:
        return None
    first_s = min(float(one.times_s[0]) for one in agreements)
    last_s = max(float(one.times_s[-1]) for one in agreements)
    times_s = np.arange(first_s, last_s + STEP_S / 2, STEP_S)
    log_odds = np.zeros(len(times_s))
    for one in agreements:
        spacing_s = float(one.times_s[1] - one.times_s[0]) if len(one.times_s) > 1 else STEP_S
        density = one.log_odds * (STEP_S / spacing_s)
        log_odds += np.interp(times_s, one.times_s, density, left=0.0, right=0.0)
    middle = int(np.clip(round(((start_s + end_s) / 2 - first_s) / STEP_S), 0, len(times_s) - 1))
    begin = middle - int(np.argmax(np.cumsum(log_odds[: middle + 1][::-1])))
    stop = middle + int(np.argmax(np.cumsum(log_odds[middle:])))
    if stop <= begin:
        return None
    return float(times_s[begin]), float(times_s[stop])
