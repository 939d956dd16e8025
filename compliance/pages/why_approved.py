"""Why a song was approved: what was asked, what it rested on that day, and what has changed since."""

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from compliance.queries import get_approval_of_song
from compliance.services.replays import replay_approval


@require_safe
@staff_member_required
@permission_required("catalog.view_grant", raise_exception=True)
def get_why_approved(request: HttpRequest, public_id: str) -> HttpResponse:
    """Return the approval of a song as of the day it was decided."""
    approval = get_approval_of_song(public_id=public_id)
    if approval is None:
        raise Http404(f"Song {public_id} has not been approved.")
    context = {
        **admin.site.each_context(request),
        "title": f"Why {public_id} was approved",
        "replay": replay_approval(approval=approval),
    }
    return TemplateResponse(request, "compliance/why_approved.html", context)
