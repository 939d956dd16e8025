"""What the buttons on moderation's pages share: the clock, a confirmation, and saying how it went."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.forms import BaseDialogForm

from moderation.models import PolicyMoved
from moderation.screening.policy import InvalidPolicy
from moderation.services.policies import OwnPolicy, PolicyKept

# What services answer a button with that cannot be pressed as things stand.
REFUSALS = (InvalidPolicy, OwnPolicy, PolicyKept, PolicyMoved)


class ConfirmForm(BaseDialogForm):  # type: ignore[misc]  # untyped
    """Ask once more before something is done."""


def read_clock() -> datetime:
    """Return the time; admin pages are an entry point, services take it as an argument."""
    return timezone.now()


def run_action(
    request: HttpRequest, obj: Model, work: Callable[[], Any], success: str
) -> HttpResponse:
    """Do one thing and say how it went, on the page of the row it was about or that came of it."""
    target = obj
    try:
        result = work()
    except REFUSALS as error:
        messages.error(request, f"Nothing was changed. {error}")
    else:
        target = result if isinstance(result, Model) else obj
        messages.success(request, success)
    name = f"admin:{target._meta.app_label}_{target._meta.model_name}_change"
    return HttpResponse(headers={"HX-Redirect": reverse(name, args=[target.pk])})
