"""One address that a load balancer asks."""

from django.db import connection
from django.http import HttpRequest, JsonResponse


def get_health(request: HttpRequest) -> JsonResponse:
    """Return 200 when the database answers; anything else travels up as a 500."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "database": connection.vendor})
