"""The demo's reviewer: a person in the admin, here over HTTP."""

import re
from dataclasses import dataclass
from html import unescape

import requests

from config.demo.logins import Login

TIMEOUT_S = 30
CSRF_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
CASE_LINK = re.compile(r'href="(/admin/moderation/reviewcase/\d+/change/)[^"]*"')
REQUEST_LINK = re.compile(r'href="(/admin/compliance/actionrequest/\d+/change/)[^"]*"')
AGREE_LINK = re.compile(r'"(/admin/compliance/actionrequest/\d+/agree/?)"')
AUDIO_SOURCE = re.compile(r'<audio[^>]*\bsrc="([^"]+)"')


class PageUnusable(Exception):
    """A page of the admin does not hold what a reviewer needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """A review case as the reviewer sees it."""

    path: str
    csrf: str
    n_audio_bytes: int


class Reviewer:
    """Sign in, open a case, hear it, decide."""

    def __init__(self, *, url: str, login: Login) -> None:
        self.url = url
        self.login = login
        self.session = requests.Session()

    def find_case(self, *, subject: str) -> OpenCase:
        """Return the open case about a subject, after hearing its audio.

        Raises
        ------
        PageUnusable : if the sign-in fails, no case is listed or its page has no player
        """
        self._sign_in()
        listed = self._get(f"/admin/moderation/reviewcase/?q={subject}")
        link = CASE_LINK.search(listed)
        if link is None:
            raise PageUnusable(f"no review case is listed for {subject}")
        page = self._get(link[1])
        source = AUDIO_SOURCE.search(page)
        if source is None:
            raise PageUnusable(f"{link[1]} has no audio player")
        heard = self.session.get(self.url + unescape(source[1]), timeout=TIMEOUT_S)
        heard.raise_for_status()
        return OpenCase(path=link[1], csrf=_read_csrf(page), n_audio_bytes=len(heard.content))

    def approve(self, case: OpenCase, *, note: str) -> None:
        """Approve the case."""
        form = {"csrfmiddlewaretoken": case.csrf, "decision": "approve", "note": note}
        response = self.session.post(
            self.url + case.path,
            data=form,
            headers={"Referer": self.url + case.path},
            timeout=TIMEOUT_S,
        )
        response.raise_for_status()

    def agree(self, *, subject: str) -> None:
        """Agree, as the second person, to what somebody else asked for about a subject.

        Raises
        ------
        PageUnusable : if the sign-in fails or nothing waits for this person
        """
        self._sign_in()
        listed = self._get(f"/admin/compliance/actionrequest/?q={subject}")
        link = REQUEST_LINK.search(listed)
        button = AGREE_LINK.search(self._get(link[1])) if link else None
        if button is None:
            raise PageUnusable(f"nothing about {subject} waits for {self.login.username}")
        form = {
            "csrfmiddlewaretoken": _read_csrf(self._get(button[1])),
            "_form_submitted": "True",  # what the dialog sends
        }
        response = self.session.post(
            self.url + button[1],
            data=form,
            headers={"Referer": self.url + button[1]},
            timeout=TIMEOUT_S,
        )
        response.raise_for_status()

    def _sign_in(self) -> None:
        page = self._get("/admin/login/")
        form = {
            "csrfmiddlewaretoken": _read_csrf(page),
            "username": self.login.username,
            "password": self.login.password,
            "next": "/admin/",
        }
        response = self.session.post(self.url + "/admin/login/", data=form, timeout=TIMEOUT_S)
        response.raise_for_status()
        if "sessionid" not in self.session.cookies:
            raise PageUnusable(f"{self.login.username} could not sign in")

    def _get(self, path: str) -> str:
        response = self.session.get(self.url + path, timeout=TIMEOUT_S)
        response.raise_for_status()
        return response.text


def _read_csrf(page: str) -> str:
    field = CSRF_FIELD.search(page)
    if field is None:
        raise PageUnusable("the page has no form")
    return field[1]
