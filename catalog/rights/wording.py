"""The catalog's words as people read them."""

import re
from collections.abc import Iterable


def name_words(text: str) -> str:
    """Return stored words as people read them: `ai_output_generation, download` is "AI output generation, download"."""
    spaced = text.replace("_", " ")
    return re.sub(r"\bpct\b", "%", re.sub(r"\bai\b", "AI", spaced))


def describe_uses(uses: Iterable[str]) -> str:
    """Return the uses of a grant, where none means all of them."""
    return name_words(", ".join(uses)) or "every use"
