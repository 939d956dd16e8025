"""Every address of the service."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from compliance.api.approvals import KeySetView
from compliance.api.oauth import MetadataView
from config.health import get_health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("favicon.ico", RedirectView.as_view(url="/static/cleartone/favicon.svg", permanent=True)),
    path("healthz", get_health, name="health"),
    path("admin/", admin.site.urls),
    path("", include("compliance.pages.urls")),
    path(".well-known/jwks.json", KeySetView.as_view(), name="key-set"),
    path(
        ".well-known/oauth-authorization-server",
        MetadataView.as_view(),
        name="authorization-server",
    ),
    path("api/v1/", include("moderation.api.urls")),
    path("api/v1/", include("catalog.api.urls")),
    path("api/v1/", include("compliance.api.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "api/docs",
        SpectacularSwaggerView.as_view(url_name="api-schema", http_method_names=["get", "head"]),
        name="api-docs",
    ),
    path(
        "api/reference",
        SpectacularRedocView.as_view(url_name="api-schema", http_method_names=["get", "head"]),
        name="api-reference",
    ),
]
handler400 = "config.api_errors.answer_bad_request"
handler403 = "config.api_errors.answer_forbidden"
handler404 = "config.api_errors.answer_not_found"
handler500 = "config.api_errors.answer_server_error"
