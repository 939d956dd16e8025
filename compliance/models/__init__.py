"""The stored data, one subject a file."""

from compliance.models.approval import Approval, ApprovalStatus
from compliance.models.clearance import Clearance, ClearanceStatus
from compliance.models.content_credential import ContentCredential
from compliance.models.event import Event
from compliance.models.fingerprint import AudioFingerprint, Collection, IndexGeneration
from compliance.models.generator import AccessToken, ApiKey, Generator, RateWindow
from compliance.models.idempotency import IdempotencyRecord
from compliance.models.job import Job, JobState
from compliance.models.rights_snapshot import RightsSnapshot
from compliance.models.submission import Submission, SubmissionStatus
from compliance.models.usage import UsageEvent, UsageKind, UsageReportRow
from compliance.models.verification import Verification
from compliance.models.webhook import (
    DeliveryState,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)

__all__ = [
    "AccessToken",
    "ApiKey",
    "Approval",
    "ApprovalStatus",
    "AudioFingerprint",
    "Clearance",
    "ClearanceStatus",
    "Collection",
    "ContentCredential",
    "DeliveryState",
    "Event",
    "Generator",
    "IdempotencyRecord",
    "IndexGeneration",
    "Job",
    "JobState",
    "RateWindow",
    "RightsSnapshot",
    "Submission",
    "SubmissionStatus",
    "UsageEvent",
    "UsageKind",
    "UsageReportRow",
    "Verification",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
