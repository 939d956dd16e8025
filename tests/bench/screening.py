"""Speed of screening beside its peers, on one core: `make bench-screening`.

Times are CPU times of the process.
Texts are the held-out dedications, every language alike. Peers that are not installed are named and left out.
"""

import argparse
import importlib.util
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from moderation.screening.classifier import load_classifier
from moderation.screening.embedding import load_encoder
from moderation.screening.languages import LANGUAGES
from moderation.screening.model_input import read_model_input
from moderation.screening.screen import screen_text
from moderation.training.dedications import Split, load_authored
from tests.bench.machine import describe_machine

# How each peer is asked about one text, in a process of its own.
PEERS = {
    "better_profanity": "from better_profanity import profanity as p; ask = p.contains_profanity",
    "glin_profanity": "from glin_profanity import Filter; ask = Filter().is_profane",
    "badwords": "from badwords import ProfanityFilter; p = ProfanityFilter(); p.init(['en']); ask = p.filter_text",
    "korcen": "from korcen import korcen; ask = korcen.check",
}
PEER_TEXTS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One figure with its bar."""

    name: str
    value: float
    unit: str
    bar: float
    at_least: bool

    @property
    def met(self) -> bool:
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        return (
            f"{self.name:44s} {self.value:9.1f} {self.unit:6s} bar {sign} {self.bar:g}"
            f"{'' if self.met else '  MISSED'}"
        )


def collect_texts(n: int) -> list[tuple[str, str]]:
    texts = []
    for language in LANGUAGES:
        rows = [r for r in load_authored(language) if r.split is Split.DEV]
        texts += [(row.text, language) for row in rows[: n // len(LANGUAGES)]]
    return texts


def count_per_second(texts: list[tuple[str, str]], ask: Callable[[str, str], object]) -> float:
    start = time.process_time()
    for text, language in texts:
        ask(text, language)
    return len(texts) / (time.process_time() - start)


def judge_without_embedding(text: str, language: str) -> object:
    return load_classifier().judge(read_model_input(text=text, language=language), embedding=None)


def measure_peer(name: str, texts: list[tuple[str, str]]) -> str:
    if importlib.util.find_spec(name) is None:
        return "not installed"
    code = (
        f"import sys, time; {PEERS[name]}; texts = sys.stdin.read().split('\\x1e'); ask(texts[0]);"
        "t = time.process_time(); [ask(x) for x in texts]; print(len(texts) / (time.process_time() - t))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        input="\x1e".join(text for text, _ in texts[:: max(1, len(texts) // PEER_TEXTS)]),
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    return f"{float(done.stdout):.0f}/s" if done.returncode == 0 else "failed"


def measure_import() -> float:
    code = "import time; t = time.process_time(); import moderation.screening.screen; print(time.process_time() - t)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=600)
    texts = collect_texts(parser.parse_args().texts)
    for text, language in texts[:20]:
        screen_text(text=text, language=language)
    times = []
    for text, language in texts:
        start = time.process_time()
        screen_text(text=text, language=language)
        times.append(time.process_time() - start)
    embedded = load_encoder() is not None
    lines = [
        Line(name="messages a second, without embedding", unit="/s", bar=1000, at_least=True,
             value=count_per_second(texts, judge_without_embedding)),
        Line(name=f"messages a second, everything{'' if embedded else ' (no encoder here)'}", unit="/s",
             bar=150, at_least=True, value=len(times) / sum(times)),
        Line(name="one message, p95", unit="ms", bar=15, at_least=False,
             value=float(np.quantile(times, 0.95)) * 1e3),
        Line(name="memory of the process", unit="MB", bar=400, at_least=False,
             value=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        Line(name="import", unit="ms", bar=1000, at_least=False, value=measure_import() * 1e3),
    ]  # fmt: skip
    print(describe_machine())
    print(f"{len(texts)} texts, model {load_classifier().version}, one core")
    for line in lines:
        print(line)
    for name in PEERS:
        print(f"peer {name:39s} {measure_peer(name, texts)}")
    if os.environ.get("STRICT") == "1" and not all(line.met for line in lines):
        sys.exit(1)


if __name__ == "__main__":
    main()
