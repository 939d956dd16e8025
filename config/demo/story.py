"""The demo's story: what a generator and a reviewer do, step by step, and what they must be answered."""

import datetime as dt
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from config.demo import rendering
from config.demo.client import GeneratorClient
from config.demo.logins import Logins
from config.demo.reviewer import Reviewer

CATALOG = Path(__file__).with_name("catalog")
VOCAL = CATALOG / "vocal.ogg"
SONG_S = 30.0
# One bar of the piece: 4 beats at 92 beats per minute.
BAR_S = 4 * 60 / 92
CLEARED_STEMS = [
    "moonlit-drums",
    "moonlit-bass",
    "moonlit-keys",
    "moonlit-guitar",
    "moonlit-strings",
]
EXPIRED_STEM = "harbor-flute"
UNDECLARED_STEM = "lanterns-synth"
HIDDEN_REFERENCE = "static"
HIDDEN_DB = -12.0
HIDDEN_START_S, HIDDEN_END_S = 9.0, 22.0
# How far a named interval may be off, in seconds: the report counts in whole analysis windows.
INTERVAL_TOLERANCE_S = 2.5

LOVING = "Happy 60th birthday, Mum! You danced with us in the kitchen every Sunday. I love you to the moon and back."
ABUSIVE = "You worthless piece of shit, I will come to your house tonight and kill you."


class UnexpectedOutcome(Exception):
    """The service answered, but not what the story expects."""


def say(text: str = "") -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Story:
    """One generator, a reviewer and a second person, five chapters."""

    def __init__(self, *, url: str, logins: Logins, folder: Path) -> None:
        self.generator = GeneratorClient(url=url, api_key=logins.api_key)
        self.reviewer = Reviewer(url=url, login=logins.find("moderator"))
        self.second = Reviewer(url=url, login=logins.find("approver"))
        self.folder = folder
        self.stems = {
            name: rendering.read_audio(CATALOG / "audio" / f"{name}.ogg")
            for name in [*CLEARED_STEMS, UNDECLARED_STEM]
        }
        self.vocal = rendering.read_audio(VOCAL)

    def tell(self) -> None:
        """Go through every chapter.

        Raises
        ------
        UnexpectedOutcome : at the first answer that is not the expected one
        """
        self.screen_messages()
        self.ask_for_clearances()
        self.submit_honest_song()
        self.submit_hidden_recording()
        self.submit_lying_manifest()
        self.have_song_reviewed()

    def screen_messages(self) -> None:
        """Show (a) that a loving message passes and an abusive one does not."""
        chapter("(a) Screen two messages")
        answer, took = timed(lambda: self.generator.screen(text=LOVING))
        say(f"  {answer['outcome']:<8} {answer['language']['code']}  {took}  “{LOVING[:60]}…”")
        expect(answer["outcome"] == "allow", "the loving message is allowed", answer)
        answer, took = timed(lambda: self.generator.screen(text=ABUSIVE))
        say(f"  {answer['outcome']:<8} {answer['language']['code']}  {took}  “{ABUSIVE[:60]}…”")
        say_reasons(answer["reasons"])
        expect(
            answer["outcome"] in {"block", "review"}, "the abusive message is not allowed", answer
        )

    def ask_for_clearances(self) -> None:
        """(b) A set of licensed stems is cleared; with one expired grant among them it is not."""
        chapter("(b) Ask for clearances")
        self.clearance, took = timed(lambda: ask_clearance(self.generator, CLEARED_STEMS))
        say(
            f"  {self.clearance['outcome']:<8} {took}  {', '.join(CLEARED_STEMS)}; held until {self.clearance['expires_at']}"
        )
        expect(
            self.clearance["outcome"] == "cleared", "the licensed set is cleared", self.clearance
        )
        refused, took = timed(
            lambda: ask_clearance(self.generator, [*CLEARED_STEMS[:2], EXPIRED_STEM])
        )
        say(f"  {refused['outcome']:<8} {took}  {', '.join([*CLEARED_STEMS[:2], EXPIRED_STEM])}")
        say_reasons(refused["reasons"])
        codes = {(reason["code"], reason.get("stem")) for reason in refused["reasons"]}
        expect(refused["outcome"] == "denied", "the set with an expired grant is denied", refused)
        expect(
            ("rights.expired", EXPIRED_STEM) in codes, "the reason names the expired grant", refused
        )

    def submit_honest_song(self) -> None:
        """(c) A song that is what its manifest says is approved."""
        chapter("(c) Submit an honest song")
        manifest = make_manifest(CLEARED_STEMS)
        song = rendering.mix(
            placements=manifest["placements"], stems=self.stems, vocal=self.vocal, length_s=SONG_S
        )
        self._submit(song, name="honest", manifest=manifest, vocal=VOCAL, expected={"approved"})

    def submit_hidden_recording(self) -> None:
        """(d) A recording hidden under the mix is found and named, with its interval."""
        chapter(f"(d) Submit a song with a recording hidden {HIDDEN_DB:g} dB under the mix")
        manifest = make_manifest(CLEARED_STEMS)
        song = rendering.mix(
            placements=manifest["placements"], stems=self.stems, vocal=self.vocal, length_s=SONG_S
        )
        hidden = rendering.read_audio(CATALOG / "audio" / f"{HIDDEN_REFERENCE}.ogg")
        first, last = (round(at_s * rendering.RATE_HZ) for at_s in (HIDDEN_START_S, HIDDEN_END_S))
        part = hidden[rendering.RATE_HZ * 5 :][: last - first]
        gain = (
            rendering.measure_rms(song[first:last])
            / rendering.measure_rms(part)
            * 10 ** (HIDDEN_DB / 20)
        )
        song[first:last] += part * gain
        report = self._submit(
            song,
            name="hidden",
            manifest=manifest,
            vocal=VOCAL,
            expected={"rejected", "needs_review"},
        )
        named = [r for r in report["reasons"] if r.get("reference") == HIDDEN_REFERENCE]
        expect(
            bool(named), f"the hidden recording {HIDDEN_REFERENCE!r} is named", report["reasons"]
        )
        off_s = max(
            abs(named[0]["start_s"] - HIDDEN_START_S), abs(named[0]["end_s"] - HIDDEN_END_S)
        )
        expect(
            off_s <= INTERVAL_TOLERANCE_S,
            f"its interval is {HIDDEN_START_S:g} to {HIDDEN_END_S:g} s within {INTERVAL_TOLERANCE_S:g} s",
            named,
        )

    def submit_lying_manifest(self) -> None:
        """(d) A manifest that names another stem than the one that sounds is refuted."""
        chapter("(d) Submit a song whose manifest lies")
        manifest = make_manifest(CLEARED_STEMS)
        lie = next(row for row in manifest["placements"] if row["stem"] == "moonlit-guitar")
        truth = [
            row if row is not lie else {**row, "stem": UNDECLARED_STEM}
            for row in manifest["placements"]
        ]
        song = rendering.mix(placements=truth, stems=self.stems, vocal=self.vocal, length_s=SONG_S)
        report = self._submit(
            song,
            name="lying",
            manifest=manifest,
            vocal=VOCAL,
            expected={"rejected", "needs_review"},
        )
        stems = {reason.get("stem") for reason in report["reasons"]}
        expect(
            bool(stems & {UNDECLARED_STEM, "moonlit-guitar"}), "the lie is named", report["reasons"]
        )

    def have_song_reviewed(self) -> None:
        """(e) A song whose vocal was not submitted goes to a person; two of them approve it."""
        chapter("(e) Have a song reviewed: its vocal track was not submitted")
        manifest = make_manifest(CLEARED_STEMS)
        song = rendering.mix(
            placements=manifest["placements"], stems=self.stems, vocal=self.vocal, length_s=SONG_S
        )
        report = self._submit(
            song, name="no-vocal", manifest=manifest, vocal=None, expected={"in_review"}
        )
        case, took = timed(lambda: self.reviewer.find_case(subject=report["id"]))
        say(
            f"  the reviewer opens the case  {took}  and hears {case.n_audio_bytes / 1000:.0f} kB of song"
        )
        _, took = timed(
            lambda: self.reviewer.approve(
                case, note="The voice is the singer hired for the campaign."
            )
        )
        decided = self.generator.read(report["id"])
        say(f"  the reviewer approves        {took}  → {decided['state']}, for it takes two people")
        expect(decided["state"] == "in_review", "one person alone does not approve it", decided)
        _, took = timed(lambda: self.second.agree(subject=report["id"]))
        decided = self.generator.read(report["id"])
        say(f"  a second person agrees       {took}  → {decided['state']}")
        expect(decided["state"] == "approved", "two people approve the song", decided)

    def _submit(
        self,
        song: rendering.Samples,
        *,
        name: str,
        manifest: dict[str, Any],
        vocal: Path | None,
        expected: set[str],
    ) -> dict[str, Any]:
        path = self.folder / f"{name}.mp3"
        rendering.encode_mp3(rendering.master(song), path)
        report: dict[str, Any]
        report, took = timed(
            lambda: self.generator.wait(
                self.generator.submit(
                    clearance=self.clearance["id"], song=path, manifest=manifest, vocal=vocal
                )["id"]
            )
        )
        say(
            f"  {report['state']:<10} {took}  {SONG_S:g} s of MP3, {len(manifest['placements'])} declared placements"
        )
        say_reasons(report["reasons"])
        states = {"in_review" if state == "needs_review" else state for state in expected}
        expect(
            report["state"] in states,
            f"the state is {' or '.join(sorted(states))}",
            report["reasons"],
        )
        return report


def ask_clearance(generator: GeneratorClient, stems: Sequence[str]) -> dict[str, Any]:
    """Ask for personal songs in three countries, from today for 90 days."""
    today = dt.datetime.now(dt.UTC).date()  # noqa: TID251 - the demo is the entry point here
    intent = {
        "territories": ["US", "DE", "KR"],
        "uses": ["ai_output_generation", "personalised_song_stream"],
        "starts_on": today.isoformat(),
        "ends_on": (today + dt.timedelta(days=90)).isoformat(),
    }
    return generator.clear(message=LOVING, stems=list(stems), intent=intent)


def make_manifest(stems: Sequence[str]) -> dict[str, Any]:
    """Return the manifest of the demo song: whole bars, the quieter parts entering later, the drums looped."""
    rows = []
    for index, stem in enumerate(stems):
        start_s = round(BAR_S * max(0, index - 2), 4)
        rows.append(
            {
                "stem": stem,
                "stem_start_s": start_s,
                "song_start_s": start_s,
                "length_s": round(BAR_S * 11 - start_s, 4),
                "gain_db": -1.5 * index,
                "loop_s": None,
            }
        )
    rows[0] |= {"stem_start_s": round(BAR_S, 4), "loop_s": round(BAR_S * 4, 4)}
    return {"placements": rows}


def chapter(title: str) -> None:
    """Begin a chapter."""
    say(f"\n{title}")


def timed(ask: Callable[[], Any]) -> tuple[Any, str]:
    """Return an answer and how long it took."""
    started_s = time.perf_counter()
    answer = ask()
    return answer, f"{time.perf_counter() - started_s:6.2f} s"


def say_reasons(reasons: Sequence[dict[str, Any]]) -> None:
    """Say every reason: code, interval, sentence."""
    for reason in reasons:
        interval = (
            f" {reason['start_s']:.1f} to {reason['end_s']:.1f} s"
            if reason.get("start_s") is not None
            else ""
        )
        say(f"      {reason['code']}{interval}: {reason['text']}")


def expect(condition: bool, what: str, got: Any) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise unless the story goes as it should."""
    if not condition:
        raise UnexpectedOutcome(f"expected that {what}; got {got}")
