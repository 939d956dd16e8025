"""Small tables inside the pages of legal staff, in the dress of the theme."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.template.defaultfilters import pluralize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.models import Grant
from catalog.queries.approved_songs import ApprovedSong, count_by_status

SONGS_SHOWN = 50


def draw_table(*, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> SafeString:
    """Return a table whose first column names the row and is not broken; cells are escaped unless they are markup."""
    return format_html(
        '<table class="w-full text-left"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
        format_html_join("", '<th class="py-2 pr-4 font-semibold">{}</th>', ((h,) for h in heads)),
        format_html_join("", "{}", ((_draw_row(*row),) for row in rows)),
    )


def draw_songs(songs: Sequence[ApprovedSong], *, none: str) -> SafeString | str:
    """Return the songs, counted by status, the newest with links to what they were approved on."""
    if not songs:
        return none
    more = len(songs) - SONGS_SHOWN
    return format_html(
        "<p>{}: {}.</p>{}{}",
        f"{len(songs)} song{pluralize(len(songs))}",
        count_by_status(songs),
        draw_table(
            heads=["Song", "Generator", "Status", "Approved", "Until"],
            rows=[
                (
                    format_html('<a class="text-primary-600" href="{}">{}</a>', song.url, song.id),
                    song.generator,
                    song.status,
                    f"{song.approved_at:%Y-%m-%d}",
                    f"{song.valid_until:%Y-%m-%d}",
                )
                for song in songs[:SONGS_SHOWN]
            ],
        ),
        f"and {more} more" if more > 0 else "",
    )


def draw_term(grant: Grant) -> SafeString:
    """Return from when until when a grant runs; a line never breaks within a day."""
    return format_html(
        '<span class="whitespace-nowrap">{} to</span> <span class="whitespace-nowrap">{}</span>',
        grant.valid_from,
        grant.valid_until or "further notice",
    )


def _draw_row(name: Any, *cells: Any) -> SafeString:
    return format_html(
        '<tr class="border-t border-base-200 align-top dark:border-base-800">'
        '<td class="py-2 pr-4 whitespace-nowrap">{}</td>{}</tr>',
        name,
        format_html_join("", '<td class="py-2 pr-4">{}</td>', ((cell,) for cell in cells)),
    )
