"""Buttons of the admin: who presses them, what the service answers, and where that is shown."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from compliance.models.transitions import AlreadyMoved, IllegalTransition
from compliance.services.action_requests import AlreadyRequested, NotTheAsker, SamePerson
from compliance.services.actors import Actor, NotAllowed, as_person
from compliance.services.approvals import RightsFailed
from compliance.services.recalls import NotUndoable

# What a service answers to a person; everything else is a fault.
REFUSALS = (
    AlreadyMoved, AlreadyRequested, IllegalTransition, IntegrityError, NotAllowed, NotTheAsker, NotUndoable, RightsFailed,
    SamePerson,
)  # fmt: skip


def get_actor(request: HttpRequest) -> Actor:
    """Return who is asking; pages of the admin are not shown to anybody unknown."""
    return as_person(cast(User, request.user))


def get_change_url(row: Model) -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def link_to(row: Model | None, text: str = "") -> str:
    """Return a link to a row's page."""
    if row is None:
        return "-"
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', get_change_url(row), text or str(row)
    )  # fmt: skip


def press(request: HttpRequest, row: Model, work: Callable[[], Any], success: str) -> HttpResponse:
    """Do one thing and say how it went, on the page of the row it was about or that came of it."""
    target = row
    try:
        result = work()
    except REFUSALS as refusal:
        messages.error(request, f"Nothing was changed. {refusal}.")
    else:
        target = result if isinstance(result, Model) else row
        messages.success(request, success)
    return HttpResponse(headers={"HX-Redirect": get_change_url(target)})
