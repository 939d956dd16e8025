"""Jobs, events and the index: what the service does behind the API."""

from django.contrib import admin
from django_q import models as queue_models
from unfold.decorators import display

from compliance.admin.readonly import ReadOnlyAdmin
from compliance.models import Event, IndexGeneration, Job

# The queue's own pages show hints, not work; the job rows are the truth.
for queue_model in (
    queue_models.Schedule,
    queue_models.Success,
    queue_models.Failure,
    queue_models.OrmQ,
):
    if admin.site.is_registered(queue_model):
        admin.site.unregister(queue_model)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs, newest first."""

    list_display = [
        "created_at",
        "kind",
        "subject",
        "show_state",
        "attempts",
        "due_at",
        "finished_at",
    ]
    list_filter = ["state", "kind"]
    search_fields = ["subject", "error"]

    @display(
        description="State",
        label={"done": "success", "dead": "danger", "running": "info", "pending": "warning"},
    )
    def show_state(self, job: Job) -> str:
        """Return the state, colored."""
        return job.state


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What happened, in order: the audit log."""

    list_display = ["sequence", "created_at", "kind", "subject", "actor"]
    ordering = ["-id"]
    list_filter = ["kind"]
    search_fields = ["subject", "actor", "kind"]
    date_hierarchy = "created_at"


@admin.register(IndexGeneration)
class IndexGenerationAdmin(ReadOnlyAdmin):
    """Published indexes; the newest is in use."""

    list_display = ["created_at", "version", "n_recordings", "segments"]
