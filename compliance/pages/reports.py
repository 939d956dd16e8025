"""What was measured in a song, as a page for the reviewer."""

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from compliance.audio.picture.raster import render_png
from compliance.models import Verification


@require_safe
@staff_member_required
@permission_required("moderation.view_reviewcase", raise_exception=True)
def get_timeline(request: HttpRequest, public_id: str) -> HttpResponse:
    """Return the timeline picture of the newest verification of a song."""
    return HttpResponse(
        _find_timeline(public_id),
        content_type="image/svg+xml",
        headers={
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "Cache-Control": "private",
        },
    )


@require_safe
@staff_member_required
@permission_required("moderation.view_reviewcase", raise_exception=True)
def get_timeline_png(request: HttpRequest, public_id: str) -> HttpResponse:
    """Return the same picture in pixels."""
    return HttpResponse(
        render_png(_find_timeline(public_id)),
        content_type="image/png",
        headers={"Cache-Control": "private"},
    )


def _find_timeline(public_id: str) -> str:
    verification = (
        Verification.objects.filter(submission__public_id=public_id)
        .exclude(timeline_svg="")
        .first()
    )
    if verification is None:
        raise Http404(f"Song {public_id} has no timeline.")
    return verification.timeline_svg
