"""The OpenAPI snapshot and the error catalog: rewritten by `make schema`, compared by `make check`.

A change to them is a change to a promise.
"""

import difflib
import os
import sys
from pathlib import Path

SNAPSHOT = Path(__file__).with_name("data") / "openapi.yaml"


def render_schema() -> str:
    """Return the OpenAPI document of the code as it is."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.renderers import OpenApiYamlRenderer
    from drf_spectacular.validation import validate_schema

    schema = SchemaGenerator().get_schema(request=None, public=True)
    GENERATOR_STATS.emit_summary()
    if GENERATOR_STATS:
        sys.exit("drf-spectacular could not describe everything: see the warnings above")
    validate_schema(schema)
    return OpenApiYamlRenderer().render(schema, renderer_context={}).decode()


def main() -> None:
    schema = render_schema()
    from tests.error_catalog import CATALOG, render_catalog

    for path, current in ((SNAPSHOT, schema), (CATALOG, render_catalog())):
        if "--check" in sys.argv:
            compare(path, current)
        else:
            path.write_text(current)


def compare(path: Path, current: str) -> None:
    """Exit with the difference if a file is not as the code is now."""
    stored = path.read_text() if path.exists() else ""
    if stored != current:
        diff = difflib.unified_diff(
            stored.splitlines(), current.splitlines(), path.name, "code", lineterm=""
        )
        sys.exit(
            "\n".join(
                [
                    *diff,
                    "",
                    "The API changed. If that is meant: make schema, and a line in CHANGELOG.md.",
                ]
            )
        )


if __name__ == "__main__":
    main()
