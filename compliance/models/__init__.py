"""The stored data, one subject a file."""

from compliance.models.action_request import ActionRequest, RequestStatus
from compliance.models.approval import Approval, ApprovalStatus
from compliance.models.basis import ApprovalBasis
from compliance.models.clearance import Clearance, ClearanceStatus
from compliance.models.content_credential import ContentCredential
from compliance.models.event import Event
from compliance.models.fingerprint import AudioFingerprint, Collection, IndexGeneration
from compliance.models.generator import AccessToken, ApiKey, Generator, RateWindow
from compliance.models.idempotency import IdempotencyRecord
from compliance.models.job import Job, JobState
from compliance.models.notice import CapLevel, CapNotice, GrantNotice
from compliance.models.recall import (
    DoneAction,
    Measure,
    Recall,
    RecallCause,
    RecallNotice,
    RecallSong,
    RecallStatus,
    SongOutcome,
)
from compliance.models.reverification import (
    Change,
    Reverification,
    ReverificationResult,
    RunState,
)
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
    "ActionRequest",
    "ApiKey",
    "Approval",
    "ApprovalBasis",
    "ApprovalStatus",
    "AudioFingerprint",
    "CapLevel",
    "CapNotice",
    "Change",
    "Clearance",
    "ClearanceStatus",
    "Collection",
    "ContentCredential",
    "DeliveryState",
    "DoneAction",
    "Event",
    "Generator",
    "GrantNotice",
    "IdempotencyRecord",
    "IndexGeneration",
    "Job",
    "JobState",
    "Measure",
    "RateWindow",
    "Recall",
    "RecallCause",
    "RecallNotice",
    "RecallSong",
    "RecallStatus",
    "RequestStatus",
    "Reverification",
    "ReverificationResult",
    "RightsSnapshot",
    "RunState",
    "SongOutcome",
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
