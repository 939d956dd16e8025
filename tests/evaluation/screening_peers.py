"""What packages make of the held-out dedications, beside ours: `python -m tests.evaluation.screening_peers`.

For each language: violating ones that are not allowed through / good ones that are flagged. Packages that are not installed are
left out; each is set to the text's language where it can be.
"""

import argparse
import importlib.util
import sys
from collections.abc import Callable, Mapping

from tqdm import tqdm

from moderation.screening.classifier import load_classifier
from moderation.screening.languages import LANGUAGES
from moderation.training.dedications import Split, load_authored
from tests.evaluation.screening import draw, flagged

DEFAULT_LIMIT = 300
Ask = Callable[[str], bool]


def make_better_profanity(language: str) -> Ask:
    from better_profanity import profanity

    return profanity.contains_profanity


def make_glin_profanity(language: str) -> Ask:
    from glin_profanity import Filter

    names = dict(
        zip(
            LANGUAGES,
            ("english", "spanish", "portuguese", "french", "german", "korean"),
            strict=True,
        )
    )
    return Filter({"languages": [names[language]]}).is_profane


def make_badwords(language: str) -> Ask:
    from badwords import ProfanityFilter

    found = ProfanityFilter()
    found.init([language])
    return found.is_profane


def make_korcen(language: str) -> Ask:
    from korcen import korcen

    return korcen.check


PEERS: Mapping[str, tuple[str, Callable[[str], Ask]]] = {
    "better-profanity": ("better_profanity", make_better_profanity),
    "glin-profanity": ("glin_profanity", make_glin_profanity),
    "badwords-py": ("badwords", make_badwords),
    "korcen": ("korcen", make_korcen),
}


def main() -> None:
    """Print one line a package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help="dedications a language")
    options = parser.parse_args()
    rows = {
        language: draw(
            (row for row in load_authored(language) if row.split is Split.DEV), options.limit
        )
        for language in LANGUAGES
    }
    lines = {
        f"Cleartone {load_classifier().version}": [measure(rows[code], code) for code in LANGUAGES]
    }
    for name, (module, make) in tqdm(PEERS.items(), file=sys.stderr, unit="package"):
        if importlib.util.find_spec(module) is None:
            lines[name] = ["not installed"]
            continue
        lines[name] = [measure(rows[code], code, make(code)) for code in LANGUAGES]
    print(
        "violating caught / good flagged" + " " * 12 + "".join(f"{code:>14}" for code in LANGUAGES)
    )
    for name, cells in lines.items():
        print(f"{name:43.43s}" + "".join(f"{cell:>14}" for cell in cells))


def measure(rows: list, language: str, ask: Ask | None = None) -> str:
    caught, flags = [], []
    for row in rows:
        said = flagged(row.text, language) if ask is None else bool(ask(row.text))
        (caught if row.violating else flags).append(said)
    return f"{sum(caught) / len(caught):.2f} / {sum(flags) / len(flags):.2f}"


if __name__ == "__main__":
    main()
