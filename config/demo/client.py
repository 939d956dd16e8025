"""The demo's generator: a small client of the approval API, as an integrator would write it."""

import json
import time
import uuid
from pathlib import Path
from typing import Any

import requests

REQUEST_TIMEOUT_S = 60
VERDICT_DEADLINE_S = 180
POLL_INTERVAL_S = 0.25


class RequestRefused(Exception):
    """The service answered with a problem document."""


class GeneratorClient:
    """Ask, submit, wait for the verdict."""

    def __init__(self, *, url: str, api_key: str) -> None:
        self.url = f"{url}/api/v1"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {api_key}"

    def screen(self, *, text: str) -> dict[str, Any]:
        """Return the screening of a text."""
        return self._send("POST", "/screenings", json={"text": text})

    def clear(self, *, message: str, stems: list[str], intent: dict[str, Any]) -> dict[str, Any]:
        """Return the clearance of a message, stems and a use."""
        body = {"message": message, "stems": stems, "intent": intent}
        return self._send("POST", "/clearances", json=body)

    def submit(
        self, *, clearance: str, song: Path, manifest: dict[str, Any], vocal: Path | None
    ) -> dict[str, Any]:
        """Submit a song and return where it stands."""
        files = {"audio": (song.name, song.read_bytes())}
        if vocal is not None:
            files["vocal"] = (vocal.name, vocal.read_bytes())
        return self._send(
            "POST",
            "/submissions",
            data={"clearance": clearance, "manifest": json.dumps(manifest)},
            files=files,
        )

    def read(self, submission: str) -> dict[str, Any]:
        """Return a submission with its report."""
        return self._send("GET", f"/submissions/{submission}")

    def wait(self, submission: str) -> dict[str, Any]:
        """Return the submission once it is decided or in review.

        Raises
        ------
        TimeoutError : if it still waits after VERDICT_DEADLINE_S
        """
        deadline = time.monotonic() + VERDICT_DEADLINE_S
        while time.monotonic() < deadline:
            report = self.read(submission)
            if report["state"] != "received":
                return report
            time.sleep(POLL_INTERVAL_S)
        raise TimeoutError(f"{submission} still waits after {VERDICT_DEADLINE_S} s")

    def _send(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        headers = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
        response = self.session.request(
            method, self.url + path, headers=headers, timeout=REQUEST_TIMEOUT_S, **content
        )
        if not response.ok:
            raise RequestRefused(f"{method} {path}: {response.status_code} {response.text}")
        answer: dict[str, Any] = response.json()
        return answer
