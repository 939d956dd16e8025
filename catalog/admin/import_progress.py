"""How far an import is, told while it runs.

A browser that asks for it (`Accept: application/x-ndjson`) is answered line by line: rows done of all, then the page or the
address that any other browser gets. The import itself is the same and stays one transaction: who leaves the page early
changes nothing about it.
"""

import contextvars
import json
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

import structlog
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from import_export.admin import ImportExportMixin
from simple_history.models import HistoricalRecords

logger = structlog.get_logger(__name__)
LINES: Final = "application/x-ndjson"
# Rows between two lines; a row takes a few milliseconds.
ROWS_A_LINE: Final = 20


class ShowingImportMixin(ImportExportMixin):  # type: ignore[misc]  # untyped
    """A page whose table comes in and goes out, with a bar while it comes in."""

    import_template_name = "admin/catalog/import.html"

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Try the table out."""
        return self._show_progress(request, super().import_action, **kwargs)

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Take the table in."""
        return self._show_progress(request, super().process_import, **kwargs)

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Add who is to be told of each row."""
        options: dict[str, Any] = super().get_import_data_kwargs(**kwargs)
        return {**options, "tell": getattr(kwargs["request"], "tell", None)}

    def _show_progress(
        self, request: HttpRequest, view: Callable[..., HttpResponse], **kwargs: Any
    ) -> HttpResponseBase:
        if request.method != "POST" or request.headers.get("Accept") != LINES:
            return view(request, **kwargs)
        if not self.has_import_permission(request):
            raise PermissionDenied
        lines: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        request.tell = lambda done, of: _tell(lines, done=done, of=of)  # type: ignore[attr-defined]
        context = contextvars.copy_context()
        work = threading.Thread(
            target=context.run, args=(_work, request, lambda: view(request, **kwargs), lines)
        )
        work.start()
        response = StreamingHttpResponse(_write(lines, work), content_type=LINES)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Accel-Buffering"] = "no"  # nginx would keep the lines back
        return response


def _tell(lines: "queue.SimpleQueue[Any]", *, done: int, of: int) -> None:
    if done % ROWS_A_LINE == 0 or done == of:
        lines.put({"done": done, "of": of})


def _work(
    request: HttpRequest, view: Callable[[], HttpResponse], lines: "queue.SimpleQueue[Any]"
) -> None:
    """Run the view in a thread of its own and put its answer on the last line."""
    # The middleware forgets the request when the answer begins; history still asks it who did this.
    HistoricalRecords.context.request = request
    try:
        response = view()
        if hasattr(response, "render"):
            response.render()
        request._messages.update(response)  # type: ignore[attr-defined]  # the middleware has been and gone
        request.session.save()
        if 300 <= response.status_code < 400:
            lines.put({"location": response.headers["Location"]})
        else:
            lines.put({"page": response.content.decode()})
    except Exception:
        logger.exception("import failed", path=request.path)
        # Whether the rows were in by then is not known here; the table comes in whole or not at all.
        error = (
            "Something went wrong on our side. Either every row is in or none; to be sure, import the table again: "
            "rows that are in already stay as they are."
        )
        lines.put({"error": error})
    finally:
        connection.close()
        lines.put(None)


def _write(
    lines: "queue.SimpleQueue[dict[str, Any] | None]", work: threading.Thread
) -> Iterator[str]:
    while (line := lines.get()) is not None:
        yield json.dumps(line) + "\n"
    work.join()
