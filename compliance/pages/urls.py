"""Addresses of the staff pages."""

from django.urls import path

from compliance.pages.media import get_media
from compliance.pages.reports import get_timeline

urlpatterns = [
    path("media/<path:name>", get_media, name="protected-media"),
    path("songs/<str:public_id>/timeline.svg", get_timeline, name="song-timeline"),
]
