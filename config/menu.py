"""The menu of the admin: what a person may open, the catalog in the order legal staff work in."""

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

CALENDAR: Final = "Calendar"
# Models of the catalog in order, with their icons (Material Symbols); the calendar stands after what it is about.
CATALOG: Final = {
    "Agreement": "contract",
    "Grant": "license",
    CALENDAR: "event_upcoming",
    "ChangeSet": "published_with_changes",
    "UseApproval": "approval",
    "Option": "schedule",
    "Fee": "payments",
    "Cap": "data_usage",
    "CapHold": "receipt_long",
    "VoiceConsent": "record_voice_over",
    "Stem": "graphic_eq",
    "StemTwin": "join_inner",
    "Recording": "album",
    "Work": "music_note",
    "Share": "pie_chart",
    "Party": "groups",
    "ReferenceRecording": "block",
}
ICONS: Final = {
    **CATALOG,
    "LexiconOverride": "dictionary",
    "PolicyVersion": "policy",
    "ReviewCase": "rate_review",
    "Screening": "fact_check",
    "Clearance": "task_alt",
    "Submission": "upload_file",
    "Approval": "verified",
    "Generator": "smart_toy",
    "ApiKey": "key",
    "Recall": "undo",
    "ActionRequest": "group_add",
    "Reverification": "autorenew",
    "UsageReportRow": "summarize",
    "UsageEvent": "play_circle",
    "WebhookEndpoint": "webhook",
    "WebhookDelivery": "outbox",
    "Job": "engineering",
    "Event": "history",
    "IndexGeneration": "database",
    "User": "person",
    "Group": "shield_person",
}
PLAIN_ICON: Final = "list"


def list_menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu for a person, group by group."""
    groups = []
    for app in admin.site.get_app_list(request):
        lines = {
            model["object_name"]: (model["name"], model["admin_url"])
            for model in app["models"]
            if model["admin_url"]
        }
        if app["app_label"] == "catalog":
            lines = sort_catalog(lines, request)
        # The longest address that begins like the page's: the calendar lies below the list of grants.
        here = [link for _, link in lines.values() if request.path.startswith(link)]
        active = max(here, key=len, default=None)
        items = [
            {
                "title": title,
                "link": link,
                "icon": ICONS.get(name, PLAIN_ICON),
                "active": link == active,
            }
            for name, (title, link) in lines.items()
        ]
        groups.append({"title": app["name"], "items": items})
    return groups


def sort_catalog(
    lines: dict[str, tuple[str, str]], request: HttpRequest
) -> dict[str, tuple[str, str]]:
    """Return the lines of the catalog in order, with the calendar for those who may see grants."""
    if request.user.has_perm("catalog.view_grant"):
        lines = {
            **lines,
            CALENDAR: ("What ends soon", reverse("admin:catalog_grant_show_calendar")),
        }
    order = list(CATALOG)
    names = sorted(lines, key=lambda name: order.index(name) if name in order else len(order))
    return {name: lines[name] for name in names}
