"""Addresses of the screening API, below /api/v1/."""

from django.urls import path

from moderation.api.views import ScreeningBatchView, ScreeningsView, ScreeningView

urlpatterns = [
    path("screenings:batch", ScreeningBatchView.as_view(), name="screening_batch"),
    path("screenings", ScreeningsView.as_view(), name="screenings"),
    path("screenings/<str:public_id>", ScreeningView.as_view(), name="screening"),
]
