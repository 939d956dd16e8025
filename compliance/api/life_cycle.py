"""What generators do with what they have: cancel and extend clearances, replace approvals."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance import queries
from compliance.api import answers
from compliance.api.authentication import Caller
from compliance.api.idempotency import IDEMPOTENCY_KEY, answer_once
from compliance.api.serializers import (
    ApprovalReport,
    ClearanceReport,
    ExtensionRequest,
    SuccessionRequest,
)
from compliance.api.views import ACCEPT_LANGUAGE, answer_in, get_caller, read_language
from compliance.services.actors import Actor, as_generator
from compliance.services.approval_ends import supersede_approval
from compliance.services.approvals import UnknownApproval
from compliance.services.clearance_times import extend_clearance
from compliance.services.clearances import UnknownClearance, cancel_clearance


class ClearanceCancelView(APIView):
    """Give a clearance back."""

    required_scopes = {"POST": ("clearances:write",)}

    @extend_schema(
        operation_id="cancel_clearance",
        request=None,
        responses=ClearanceReport,
        parameters=[IDEMPOTENCY_KEY, ACCEPT_LANGUAGE],
        tags=["clearances"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Cancel a clearance that no song uses: its caps are free again."""
        caller = get_caller(request)
        clearance = queries.get_clearance(public_id=public_id, generator=caller.generator)
        if clearance is None:
            raise UnknownClearance(f"You have no clearance {public_id}.")
        language = read_language(request)

        def work() -> tuple[int, dict[str, Any]]:
            cancel_clearance(clearance=clearance, actor=_as_actor(caller), now=timezone.now())
            return 200, answers.describe_clearance(clearance, language=language)

        return answer_in(language, answer_once(request, content=None, work=work))


class ClearanceExtendView(APIView):
    """Hold the caps of a clearance longer."""

    required_scopes = {"POST": ("clearances:write",)}
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="extend_clearance",
        request=ExtensionRequest,
        responses=ClearanceReport,
        parameters=[IDEMPOTENCY_KEY, ACCEPT_LANGUAGE],
        tags=["clearances"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Hold the caps longer, from now on, while they are still held; read in `expires_at` until when."""
        caller = get_caller(request)
        clearance = queries.get_clearance(public_id=public_id, generator=caller.generator)
        if clearance is None:
            raise UnknownClearance(f"You have no clearance {public_id}.")
        form = ExtensionRequest(data=request.data)
        form.is_valid(raise_exception=True)
        language = read_language(request)

        def work() -> tuple[int, dict[str, Any]]:
            extended = extend_clearance(
                clearance=clearance, hold_s=form.validated_data.get("hold_seconds"),
                actor=_as_actor(caller), now=timezone.now(),
            )  # fmt: skip
            return 200, answers.describe_clearance(extended, language=language)

        return answer_in(language, answer_once(request, content=request.data, work=work))


class ApprovalSupersedeView(APIView):
    """Put one approval in the place of another."""

    required_scopes = {"POST": ("approvals:write",)}
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="supersede_approval",
        request=SuccessionRequest,
        responses=ApprovalReport,
        parameters=[IDEMPOTENCY_KEY],
        tags=["approvals"],
    )
    def post(self, request: Request, public_id: str) -> Response:
        """End an approval because another one of yours takes its place: a new mix, say, or a longer term."""
        caller, now = get_caller(request), timezone.now()
        generator = caller.generator
        approval = _get_approval(public_id, generator=generator)
        form = SuccessionRequest(data=request.data)
        form.is_valid(raise_exception=True)
        successor = _get_approval(form.validated_data["successor"], generator=generator)

        def work() -> tuple[int, dict[str, Any]]:
            superseded = supersede_approval(
                approval=approval, successor=successor, actor=_as_actor(caller), now=now
            )
            return 200, answers.describe_approval(superseded, now=now)

        return answer_once(request, content=request.data, work=work)


def _as_actor(caller: Caller) -> Actor:
    return as_generator(caller.generator, scopes=caller.scopes)


def _get_approval(public_id: str, *, generator: Any) -> Any:
    approval = queries.get_approval(public_id=public_id, generator=generator)
    if approval is None:
        raise UnknownApproval(f"You have no approval {public_id}.")
    return approval
