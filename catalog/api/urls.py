"""Addresses of the catalog's API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
