"""The approval API: parse, make one call, answer."""

from functools import partial
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance import queries
from compliance.api import answers
from compliance.api.authentication import Caller
from compliance.api.cursors import PAGE_SIZE, PageQuery, make_page, read_cursor
from compliance.api.idempotency import IDEMPOTENCY_KEY, answer_once
from compliance.api.serializers import (
    ClearanceReport,
    ClearanceRequest,
    SubmissionPage,
    SubmissionReport,
    SubmissionRequest,
)
from compliance.api.submission_form import read_submission_form
from compliance.api.uploads import AudioUploadHandler, refuse_declared_size
from compliance.audio.picture.raster import render_png
from compliance.explanations import choose_language
from compliance.services.actors import as_generator
from compliance.services.clearances import (
    UnknownClearance,
    judge_message,
    request_clearance,
)
from compliance.services.rights_intent import read_intent
from compliance.services.song_files import discard_song, store_song
from compliance.services.submissions import UnknownSubmission, submit_song
from moderation.services.screenings import TextToScreen

ACCEPT_LANGUAGE = OpenApiParameter(
    "Accept-Language", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="Of the explanations of reasons: en, es, pt, fr, de or ko; en if none of these is wanted.",
)  # fmt: skip


def read_language(request: Request) -> str:
    """Return the language in which reasons are explained to this client."""
    return choose_language(request.headers.get("Accept-Language", ""))


def answer_in(language: str, response: Response) -> Response:
    """Mark an answer with its language."""
    response["Content-Language"] = language
    patch_vary_headers(response, ["Accept-Language"])
    return response


def get_caller(request: Request) -> Caller:
    """Return who calls; HasScope let nobody else pass."""
    return cast(Caller, request.user)


class ClearancesView(APIView):
    """Ask for clearances."""

    required_scopes = {"POST": ("clearances:write",)}
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="create_clearance", request=ClearanceRequest, responses={201: ClearanceReport},
        parameters=[IDEMPOTENCY_KEY, ACCEPT_LANGUAGE], tags=["clearances"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Screen the message, evaluate the rights in the stems for the intended use, and hold their caps."""
        form = ClearanceRequest(data=request.data)
        form.is_valid(raise_exception=True)
        intent = read_intent(request.data["intent"])

        language = read_language(request)
        given = TextToScreen(
            text=form.validated_data["message"],
            language=form.validated_data.get("language"),
            campaign=intent.campaign,
        )
        message = judge_message(given=given, now=timezone.now())

        def work() -> tuple[int, dict[str, Any]]:
            caller = get_caller(request)
            clearance = request_clearance(
                generator=caller.generator,
                actor=as_generator(caller.generator, scopes=caller.scopes),
                message=message,
                stems=form.validated_data["stems"],
                intent=intent,
                intent_json=request.data["intent"],
                now=timezone.now(),
            )
            return 201, answers.describe_clearance(clearance, language=language)

        return answer_in(language, answer_once(request, content=request.data, work=work))


class ClearanceView(APIView):
    """Read one clearance."""

    required_scopes = {"GET": ("clearances:read",)}

    @extend_schema(
        operation_id="get_clearance", responses=ClearanceReport, parameters=[ACCEPT_LANGUAGE], tags=["clearances"]
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        """Return the clearance with every reason."""
        clearance = queries.get_clearance(
            public_id=public_id, generator=get_caller(request).generator
        )
        if clearance is None:
            raise UnknownClearance(f"You have no clearance {public_id}.")
        language = read_language(request)
        return answer_in(
            language, Response(answers.describe_clearance(clearance, language=language))
        )


class SubmissionsView(APIView):
    """Submit songs, list them."""

    required_scopes = {"POST": ("submissions:write",), "GET": ("submissions:read",)}
    parser_classes = [MultiPartParser]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Put the capped upload handler in place before anything reads the body."""
        if request.method == "POST":
            self.upload_handler = AudioUploadHandler(request)
            request.upload_handlers = [self.upload_handler]
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        operation_id="create_submission", request={"multipart/form-data": SubmissionRequest},
        responses={202: SubmissionReport}, parameters=[IDEMPOTENCY_KEY], tags=["submissions"],
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Accept a song for verification; ask for the report at the address in `Location`."""
        refuse_declared_size(request._request)
        caller = get_caller(request)
        generator = caller.generator
        form = read_submission_form(request, handler=self.upload_handler)
        clearance = queries.get_clearance(public_id=form.clearance_id, generator=generator)
        if clearance is None:
            raise UnknownClearance(f"You have no clearance {form.clearance_id}.")
        form.refuse_uncleared_stems(clearance)
        song = store_song(audio=form.audio, vocal=form.vocal)

        def work() -> tuple[int, dict[str, Any]]:
            submission = submit_song(
                generator=generator, clearance=clearance, song=song, manifest=form.manifest,
                actor=as_generator(generator, scopes=caller.scopes), now=timezone.now(),
            )  # fmt: skip
            return 202, answers.describe_submission(submission, verification=None)

        try:
            response = answer_once(
                request,
                content=form.content,
                work=work,
            )
        except BaseException:
            discard_song(song)
            raise
        if response.has_header("Idempotency-Replayed"):
            discard_song(song)
        response["Location"] = f"/api/v1/submissions/{response.data['id']}"
        return response

    @extend_schema(
        operation_id="list_submissions", responses=SubmissionPage, tags=["submissions"],
        parameters=[PageQuery],
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List your submissions, newest first, without their reports."""
        rows = queries.list_submissions(
            generator=get_caller(request).generator, before_id=read_cursor(request), limit=PAGE_SIZE + 1
        )  # fmt: skip
        describe = partial(answers.describe_submission, verification=None)
        return Response(make_page(rows, describe=describe))


class SubmissionView(APIView):
    """Read one submission."""

    required_scopes = {"GET": ("submissions:read",)}

    @extend_schema(
        operation_id="get_submission", responses=SubmissionReport, parameters=[ACCEPT_LANGUAGE], tags=["submissions"]
    )  # fmt: skip
    def get(self, request: Request, public_id: str) -> Response:
        """Return where the song stands, every reason, and the full report of its verification."""
        submission = queries.get_submission(
            public_id=public_id, generator=get_caller(request).generator
        )
        if submission is None:
            raise UnknownSubmission(f"You have no submission {public_id}.")
        verification = queries.get_last_verification(submission=submission)
        language = read_language(request)
        report = answers.describe_submission(
            submission, verification=verification, language=language
        )
        return answer_in(language, Response(report))


class TimelineView(APIView):
    """The picture of a verification."""

    required_scopes = {"GET": ("submissions:read",)}

    @extend_schema(
        operation_id="get_submission_timeline",
        responses={(200, "image/svg+xml"): OpenApiTypes.STR},
        tags=["submissions"],
    )
    def get(self, request: Request, public_id: str) -> HttpResponse:
        """Return the timeline: level, declared stems, what is unexplained, what was found."""
        return HttpResponse(find_timeline(request, public_id), content_type="image/svg+xml")


class TimelinePngView(APIView):
    """The same picture in pixels."""

    required_scopes = {"GET": ("submissions:read",)}

    @extend_schema(
        operation_id="get_submission_timeline_png",
        responses={(200, "image/png"): OpenApiTypes.BINARY},
        tags=["submissions"],
    )
    def get(self, request: Request, public_id: str) -> HttpResponse:
        """Return the timeline as PNG, for what shows no SVG."""
        png = render_png(find_timeline(request, public_id))
        return HttpResponse(png, content_type="image/png")


def find_timeline(request: Request, public_id: str) -> str:
    """Return the timeline of the caller's song as SVG.

    Raises
    ------
    UnknownSubmission : if the caller has no such song, or it was not measured yet
    """
    submission = queries.get_submission(
        public_id=public_id, generator=get_caller(request).generator
    )
    verification = submission and queries.get_last_verification(submission=submission)
    if not verification or not verification.timeline_svg:
        raise UnknownSubmission(f"Submission {public_id} has no timeline yet.")
    return verification.timeline_svg
