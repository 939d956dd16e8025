"""Addresses of the staff pages."""

from django.urls import path

from compliance.pages.media import get_media
from compliance.pages.reports import get_timeline, get_timeline_png
from compliance.pages.why_approved import get_why_approved

urlpatterns = [
    path("media/<path:name>", get_media, name="protected-media"),
    path("songs/<str:public_id>/timeline.svg", get_timeline, name="song-timeline"),
    path("songs/<str:public_id>/why-approved", get_why_approved, name="why-approved"),
    path("songs/<str:public_id>/timeline.png", get_timeline_png, name="song-timeline-png"),
]
