"""Addresses of the catalog's API, below /api/v1/."""

from django.urls import path

from catalog.api import views

urlpatterns = [
    path("stems", views.StemsView.as_view(), name="stems"),
    path("rights:check", views.RightsCheckView.as_view(), name="rights-check"),
]
