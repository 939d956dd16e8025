"""The menu of the admin."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import RequestFactory

from config.menu import ICONS, list_menu

pytestmark = pytest.mark.django_db
CALENDAR = "/admin/catalog/grant/calendar/"


def open_menu(user, path="/admin/"):
    request = RequestFactory().get(path)
    request.user = user
    return {group["title"]: group["items"] for group in list_menu(request)}


@pytest.fixture
def viewer(django_user_model):
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.groups.add(Group.objects.get(name="Catalog viewers"))
    return user


def test_legal_staff_find_the_calendar_after_grants_and_nothing_of_others(viewer):
    menu = open_menu(viewer)
    assert set(menu) == {"Catalog"}
    titles = [item["title"] for item in menu["Catalog"]]
    assert titles[:3] == ["Agreements", "Grants", "What ends soon"]


def test_who_has_no_role_has_an_empty_menu(django_user_model):
    assert open_menu(django_user_model.objects.create_user("new", is_staff=True)) == {}


@pytest.mark.parametrize(
    ("path", "title"),
    [(CALENDAR, "What ends soon"), ("/admin/catalog/grant/7/change/", "Grants"), ("/admin/", None)],
)
def test_one_line_is_marked_as_open(viewer, path, title):
    marked = [item["title"] for item in open_menu(viewer, path)["Catalog"] if item["active"]]
    assert marked == ([title] if title else [])


def test_every_table_has_an_icon():
    assert {model._meta.object_name for model in admin.site._registry} <= set(ICONS)
