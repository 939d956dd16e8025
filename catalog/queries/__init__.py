"""What is read from the catalog: by other apps, by the API, by the admin."""

from catalog.queries.audio_sources import (
    AudioSource,
    SourceDescription,
    describe_sources,
    get_reference_files,
    get_stem_files,
    list_audio_sources,
)

__all__ = [
    "AudioSource",
    "SourceDescription",
    "describe_sources",
    "get_reference_files",
    "get_stem_files",
    "list_audio_sources",
]
