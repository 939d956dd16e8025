"""Say what the committed weights were trained on, so that a test tells when they are no longer made by today's code.

The stamp covers what is in the repository: the training rows of the project's own corpus, and what the model reads of a
sample of them. Public rows are not in the repository; the model card names their sources.
"""

import hashlib
import json

from moderation.screening.languages import LANGUAGES
from moderation.screening.model_input import read_model_input
from moderation.training.rows import Row, load_own_rows

# Of so many rows one is read.
SAMPLE_STEP = 40


def stamp_inputs() -> str:
    """Return a digest of the own training rows and of what the model reads of a sample of them."""
    digest = hashlib.sha256()
    for language in LANGUAGES:
        for place, row in enumerate(load_own_rows(language)):
            digest.update(json.dumps(_describe(row), ensure_ascii=False).encode())
            if place % SAMPLE_STEP == 0:
                given = read_model_input(text=row.text, language=language)
                digest.update(given.pieces.tobytes() + given.signs.tobytes())
    return digest.hexdigest()[:12]


def _describe(row: Row) -> tuple[str | float | bool, ...]:
    return (row.text, row.violating, ",".join(row.categories), row.weight, row.kind, row.group)
