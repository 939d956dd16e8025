"""`manage.py verify_song`: the verdict on a local file, by the code that judges submissions."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.audio.manifest import InvalidManifest, parse_manifest
from compliance.audio.picture.raster import render_png
from compliance.management.arguments import (
    read_text,
    refuse_missing_folder,
    refuse_other_suffix,
    write_output,
)
from compliance.management.progress import update_index_with_bar
from compliance.services.indexing import open_current_index
from compliance.services.measurement import Measurement, measure_song


class Command(BaseCommand):
    """Verify one song against its manifest."""

    help = "Verify a song against its manifest and print the verdict with its reasons."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the files."""
        parser.add_argument("audio", type=Path)
        parser.add_argument(
            "--manifest", type=Path, required=True, help="JSON: what was placed where"
        )
        parser.add_argument("--vocal", type=Path, help="the vocal track as mixed")
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")
        parser.add_argument(
            "--plot", type=Path, metavar="FILE", help="write the timeline: .svg or .png"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Measure, judge, print."""
        refuse_missing_folder(options["plot"])
        refuse_other_suffix(options["plot"], suffixes=(".svg", ".png"))
        for path in filter(None, (options["audio"], options["vocal"], options["manifest"])):
            if not path.is_file():
                raise CommandError(f"There is no file {path}.")
        try:
            placements = parse_manifest(json.loads(read_text(options["manifest"])))
        except ValueError as error:
            raise CommandError(f"{options['manifest']} is not JSON: {error}") from error
        except InvalidManifest as invalid:
            lines = [f"  {error.pointer or '/'}: {error.text}" for error in invalid.errors]
            raise CommandError("\n".join([f"{options['manifest']}:", *lines])) from invalid
        update_index_with_bar()
        measurement = measure_song(
            song=options["audio"],
            vocal=options["vocal"],
            placements=placements,
            current=open_current_index(),
        )
        if options["plot"]:
            write_output(options["plot"], self._draw(measurement, options["plot"].suffix.lower()))
        if options["json"]:
            self.stdout.write(json.dumps(measurement.report, ensure_ascii=False))
        else:
            self._describe(measurement)

    def _draw(self, measurement: Measurement, suffix: str) -> bytes:
        svg = measurement.timeline_svg
        return render_png(svg) if suffix == ".png" else svg.encode()

    def _describe(self, measurement: Measurement) -> None:
        self.stdout.write(
            f"{measurement.verdict.outcome.upper()} in {measurement.duration_s:.1f} s"
        )
        for reason in measurement.report["reasons"]:
            self.stdout.write(f"  {reason['code']}: {reason['text']}")
