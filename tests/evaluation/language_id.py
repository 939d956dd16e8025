"""Language identification beside its rivals: `python -m tests.evaluation.language_id`.

Our own, py3langid and langdetect restricted to our Latin-script languages, and eld and lingua where they are installed,
on held-out kind dedications and, where SCREENING_DATA is set, on the short texts of its `language_id_dev`. Then what the
second voice is worth: how many texts in languages that are not ours are told, with it and without it, and how
many of ours are lost to "other".
"""

import importlib.util
import os
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from unittest.mock import patch

from langdetect import DetectorFactory, LangDetectException

from moderation.screening import language_id
from moderation.screening.language_id import OTHER, identify_language
from moderation.screening.languages import LANGUAGES
from moderation.training.dedications import Split, load_authored
from moderation.training.sources import DATA_VARIABLE, read_json_lines

LATIN = tuple(code for code in LANGUAGES if code != "ko")
MAX_SHORT_WORDS = 12
N_TEXTS = 300
# Kind messages in languages that are not ours, written for this.
FOREIGN = (
    "Cara mamma, buon compleanno, ti voglio un mondo di bene e mi manchi tanto",
    "Nonno, grazie per le domeniche in barca e per tutte le tue storie",
    "Auguri amore mio, dieci anni insieme e ancora mi fai ridere ogni mattina",
    "Lieve oma, bedankt voor alle pannenkoeken en de lange zomers aan zee",
    "Gefeliciteerd met je verjaardag, broertje, ik ben zo trots op jou",
    "Kochana babciu, dziękuję za wszystkie bajki i za ciepłe ręce zimą",
    "Wszystkiego najlepszego, tato, jesteś najlepszym przyjacielem na świecie",
    "Sevgili annem, doğum günün kutlu olsun, seni çok özledim",
    "Baba, bana bisiklete binmeyi sen öğrettin, teşekkür ederim",
    "Kära mormor, tack för alla somrar vid sjön och för din tålmodighet",
    "Grattis på födelsedagen, min älskade syster, vi ses på lördag",
    "Kære far, tak fordi du altid venter på mig ved stationen",
    "Rakas äiti, kiitos kaikista pullista ja pitkistä puheluista",
    "Draga mamă, îți mulțumesc pentru toate serile cu povești și ceai",
    "La mulți ani, bunicule, ești cel mai bun om din lume",
    "Selamat ulang tahun ibu, terima kasih untuk semua doa dan masakanmu",
    "Mẹ ơi, con cảm ơn mẹ vì tất cả những bữa cơm và những lời ru",
    "Drága nagymama, köszönöm a meséket és a meleg kakaót",
    "Milá maminko, děkuji ti za všechno a moc se těším na neděli",
    "Draga bako, hvala ti za svaku šalicu kave i svaku priču",
    "Hyvää syntymäpäivää, rakas veljeni, olet minulle tärkeä joka päivä",
    "Maligayang kaarawan inay, salamat sa lahat ng sakripisyo mo para sa amin",
    "Estimada àvia, gràcies per totes les tardes de pluja i xocolata",
    "Kjære bestefar, takk for alle turene i fjellet og for latteren din",
)


def pick_texts() -> dict[str, dict[str, list[str]]]:
    texts: dict[str, dict[str, list[str]]] = {}
    for code in LATIN:
        own = [
            row.text
            for row in load_authored(code)
            if not row.violating and row.split is Split.DEV
            and len(row.text.split()) <= MAX_SHORT_WORDS
        ]  # fmt: skip
        sets = defaultdict(list, {"short dedications": own})
        if folder := os.environ.get(DATA_VARIABLE):
            path = Path(folder) / "language_id_dev" / f"{code}.jsonl.gz"
            for row in read_json_lines(path):
                sets[str(row["kind"])].append(str(row["text"]))
        for found in sets.values():
            random.Random(20261125).shuffle(found)
        texts[code] = {name: found[:N_TEXTS] for name, found in sets.items()}
    return texts


def ask_py3langid(text: str) -> str:
    shares = language_id._rank_ours(text)
    return max(shares, key=shares.__getitem__)


def ask_langdetect(text: str) -> str:
    factory: DetectorFactory = language_id._langdetect()
    detector = factory.create()
    detector.seed = language_id.LANGDETECT_SEED
    detector.set_prior_map(dict.fromkeys(LATIN, 1 / len(LATIN)))
    detector.append(text)
    try:
        return str(detector.detect())
    except LangDetectException:  # it has no letters to go by
        return ""


def list_rivals() -> dict[str, Callable[[str], str]]:
    rivals: dict[str, Callable[[str], str]] = {
        "ours": lambda text: identify_language(text).code,
        "py3langid": ask_py3langid,
        "langdetect": ask_langdetect,
    }
    if importlib.util.find_spec("eld"):
        eld = importlib.import_module("eld").LanguageDetector()
        eld.dynamic_lang_subset(list(LATIN))
        rivals["eld"] = lambda text: str(eld.detect(text).language)
    if importlib.util.find_spec("lingua"):
        lingua = importlib.import_module("lingua")
        codes = [getattr(lingua.IsoCode639_1, code.upper()) for code in LATIN]
        detector = lingua.LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()
        rivals["lingua"] = lambda text: str(
            getattr(detector.detect_language_of(text), "iso_code_639_1", None)
        ).split(".")[-1].lower()  # fmt: skip
    return rivals


def share(values: Iterable[bool]) -> float:
    values = list(values)
    return sum(values) / len(values)


def main() -> None:
    texts = pick_texts()
    for name, ask in list_rivals().items():
        print(name)
        for kind in dict.fromkeys(kind for sets in texts.values() for kind in sets):
            cells = [
                f"{code} {share(ask(text) == code for text in sets[kind]):.3f} ({len(sets[kind])})"
                for code, sets in texts.items()
            ]
            print(f"  {kind:20s} " + "  ".join(cells))
    ours = [text for sets in texts.values() for found in sets.values() for text in found]
    print("second voice: languages that are not ours told / texts of ours called other")
    for name, agrees in (("with langdetect", None), ("without", True)):
        with patch.object(
            language_id, "_is_foreign_too",
            language_id._is_foreign_too if agrees is None else lambda text: True,
        ):  # fmt: skip
            told = [identify_language(text).code == OTHER for text in FOREIGN]
            lost = [identify_language(text).code == OTHER for text in ours]
        print(f"  {name:20s} {sum(told)}/{len(told)}  {sum(lost)}/{len(lost)}")


if __name__ == "__main__":
    main()
