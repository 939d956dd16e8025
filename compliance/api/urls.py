"""Addresses of the approval API, below /api/v1/."""

from django.urls import path

from compliance.api import (
    approvals,
    certificates,
    content_credentials,
    evidence,
    life_cycle,
    oauth,
    recalls,
    usage,
    views,
    webhooks,
)

urlpatterns = [
    path("oauth/token", oauth.TokenView.as_view(), name="oauth-token"),
    path("clearances", views.ClearancesView.as_view(), name="clearances"),
    path(
        "clearances/<str:public_id>:cancel",
        life_cycle.ClearanceCancelView.as_view(),
        name="clearance-cancel",
    ),
    path(
        "clearances/<str:public_id>:extend",
        life_cycle.ClearanceExtendView.as_view(),
        name="clearance-extend",
    ),
    path("clearances/<str:public_id>", views.ClearanceView.as_view(), name="clearance"),
    path("submissions", views.SubmissionsView.as_view(), name="submissions"),
    path("submissions/<str:public_id>", views.SubmissionView.as_view(), name="submission"),
    path(
        "submissions/<str:public_id>/timeline.svg",
        views.TimelineView.as_view(),
        name="submission-timeline",
    ),
    path(
        "approvals/<str:public_id>:supersede",
        life_cycle.ApprovalSupersedeView.as_view(),
        name="approval-supersede",
    ),
    path(
        "submissions/<str:public_id>/timeline.png",
        views.TimelinePngView.as_view(),
        name="submission-timeline-png",
    ),
    path("approvals/<str:public_id>", approvals.ApprovalView.as_view(), name="approval"),
    path(
        "approvals/<str:public_id>/certificate",
        approvals.CertificateView.as_view(),
        name="certificate",
    ),
    path(
        "approvals/<str:public_id>/evidence",
        evidence.EvidenceView.as_view(),
        name="evidence-pack",
    ),
    path(
        "approvals/<str:public_id>/c2pa",
        content_credentials.ContentCredentialView.as_view(),
        name="content-credential",
    ),
    path(
        "certificates:verify",
        certificates.CertificateCheckView.as_view(),
        name="certificate-verify",
    ),
    path("usage-events", usage.UsageEventsView.as_view(), name="usage-events"),
    path("status-lists/<int:number>", approvals.StatusListView.as_view(), name="status-list"),
    path("recalls", recalls.RecallsView.as_view(), name="recalls"),
    path("recalls/<str:public_id>", recalls.RecallView.as_view(), name="recall"),
    path("recalls/<str:public_id>/songs", recalls.RecallSongsView.as_view(), name="recall-songs"),
    path(
        "recalls/<str:public_id>/acknowledgements",
        recalls.RecallAcknowledgementsView.as_view(),
        name="recall-acknowledgements",
    ),
    path("events", webhooks.EventsView.as_view(), name="events"),
    path("events/<str:public_id>:replay", webhooks.EventReplayView.as_view(), name="event-replay"),
    path("log/checkpoint", webhooks.CheckpointView.as_view(), name="log-checkpoint"),
    path("webhook-endpoints", webhooks.WebhookEndpointsView.as_view(), name="webhook-endpoints"),
    path(
        "webhook-endpoints/<str:public_id>/deliveries",
        webhooks.WebhookDeliveriesView.as_view(),
        name="webhook-deliveries",
    ),
    path(
        "webhook-endpoints/<str:public_id>:rotate-secret",
        webhooks.WebhookSecretView.as_view(),
        name="webhook-rotate-secret",
    ),
    path(
        "webhook-endpoints/<str:public_id>:test",
        webhooks.WebhookTestView.as_view(),
        name="webhook-test",
    ),
    path(
        "webhook-endpoints/<str:public_id>",
        webhooks.WebhookEndpointView.as_view(),
        name="webhook-endpoint",
    ),
]
