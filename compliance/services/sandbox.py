"""The sandbox: the whole API for practice, with inputs that bring about each answer.

A sandbox is a generator of its own (`Generator.sandbox_of`), so nothing of it mixes with what is live. It takes no caps, rests
on no grants, bothers no reviewer, and its certificates are signed with a key that is not published. Where live requests look at
rights and sound, it looks for magic names: `sandbox-` and a reason code with a dash for the dot.

- a stem `sandbox-rights-expired` in a clearance denies it with `rights.expired`;
- a stem `sandbox-audio-undeclared_stem` in a manifest rejects the song with `audio.undeclared_stem`;
- the words `sandbox-screening-hate` in a message deny it with `screening.hate`;
- `sandbox-ok` is a stem against which nothing stands;
- `sandbox-review`, as a stem in a manifest or in a message, asks for a person.

Stems of the catalog may be named too: their rights are evaluated as they stand.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from catalog.rights.evaluation import RightsEvaluation
from catalog.rights.intended_use import IntendedUse
from catalog.rights.reasons import Reason, RightsCode
from catalog.services.clearing import evaluate_rights
from compliance.explanations import DEFAULT_LANGUAGE, explain, load_explanations
from compliance.models import Submission, Verification
from compliance.services import decisions
from compliance.services.actors import SYSTEM
from compliance.verdict import Outcome

PREFIX = "sandbox-"
REVIEW = "sandbox-review"
# What a live verification says instead of measuring.
ENGINE_VERSION = "sandbox"
_MAGIC = re.compile(r"^sandbox-(rights|audio|ops)-([a-z_]+)$")


def name_input(code: str) -> str:
    """Return the magic name that brings a reason code about."""
    return PREFIX + code.replace(".", "-", 1)


def find_code(stem: str) -> str | None:
    """Return the reason code that a magic stem stands for; None for any other stem."""
    found = _MAGIC.match(stem)
    code = f"{found[1]}.{found[2]}" if found else ""
    return code if code in load_explanations() else None


def practice_rights(
    *, stems: Sequence[str], intent: IntendedUse, now: dt.datetime
) -> RightsEvaluation:
    """Return what the rights would say: as they stand for stems of the catalog, by its name for a magic one."""
    codes = {stem: find_code(stem) for stem in stems}
    real = [stem for stem in stems if codes[stem] is None and stem not in ("sandbox-ok", REVIEW)]
    evaluation = evaluate_rights(stems=real, intent=intent, now=now)
    magic = [
        Reason(code=RightsCode(code), stem=stem, text=_describe(code))
        for stem, code in codes.items()
        if code is not None and code.startswith("rights.")
    ]
    return replace(
        evaluation,
        stems=tuple(stems),
        reasons=(*evaluation.reasons, *magic),
        territories=evaluation.territories if real else tuple(sorted(intent.territories)),
        binding_cap=None,
        cap_uses=(),
        grants=(),
    )


def practice_verification(submission: Submission, *, now: dt.datetime) -> Callable[[], None]:
    """Return what records the verdict that the names in a manifest ask for."""
    stems = [placement["stem"] for placement in submission.manifest["placements"]]
    reasons = list(_list_audio_reasons(stems))
    passed = Outcome.NEEDS_REVIEW if REVIEW in stems else Outcome.APPROVED
    outcome = Outcome.REJECTED if reasons else passed
    report = {"outcome": outcome.value, "reasons": reasons, "sandbox": True}

    def record() -> None:
        Verification.objects.create(
            submission=submission, outcome=outcome, reasons=reasons, report=report,
            engine_version=ENGINE_VERSION, duration_s=0.0,
        )  # fmt: skip
        match outcome:
            case Outcome.APPROVED:
                decisions.approve_submission(
                    submission=submission, actor=SYSTEM, reasons=reasons, now=now
                )
            case Outcome.REJECTED:
                decisions.reject_submission(
                    submission=submission, actor=SYSTEM, reasons=reasons, now=now
                )
            case Outcome.NEEDS_REVIEW:
                decisions.leave_in_review(submission=submission, actor=SYSTEM, reasons=reasons)

    return record


def _list_audio_reasons(stems: Iterable[str]) -> Iterable[dict[str, Any]]:
    for stem in dict.fromkeys(stems):
        code = find_code(stem)
        if code is not None and not code.startswith("rights."):
            yield {"code": code, "text": _describe(code), "stem": stem}


def _describe(code: str) -> str:
    return f"Sandbox: {explain(code, language=DEFAULT_LANGUAGE)}"
