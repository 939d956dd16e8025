"""Practice with screening: words in a text that bring about each reason."""

import re
from dataclasses import replace

from moderation.screening.answer import Reason
from moderation.screening.categories import Category, Severity
from moderation.screening.language_pack import load_language_pack
from moderation.screening.policy import Outcome
from moderation.services.screenings import JudgedText

REVIEW = "sandbox-review"
UNSUPPORTED = "language_unsupported"
# Every name after `screening.` that a reason code may have.
NAMES = (*(category.value for category in Category), UNSUPPORTED)
_MAGIC = re.compile(rf"\bsandbox-screening-({'|'.join(NAMES)})\b")


def practice_text(judged: JudgedText) -> JudgedText:
    """Return what a text's magic words ask for instead of what it was judged; without such words, what it was judged.

    `sandbox-screening-hate` blocks with `screening.hate`, `sandbox-review` asks for a person.
    """
    names = list(dict.fromkeys(_MAGIC.findall(judged.given.text)))
    if not names and REVIEW not in judged.given.text:
        return judged
    texts = load_language_pack(judged.result.explanation_language).explanations
    reasons = tuple(
        Reason(
            code=f"screening.{name}", category=name, severity=int(Severity.CORE), text=texts[name]
        )
        for name in names
    )
    outcome = Outcome.BLOCK if names else Outcome.REVIEW
    return replace(judged, result=replace(judged.result, outcome=outcome, reasons=reasons))
