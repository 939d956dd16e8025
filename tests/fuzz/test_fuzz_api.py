"""The short form of `make fuzz-api`."""

import pytest
import requests

from config.demo.processes import make_environment
from tests.fuzz.api import fuzz, serve_demo
from tests.fuzz.material import make_material

# Cases for one operation: enough for every check to be made on every operation.
MAX_EXAMPLES = 2
# More than this many cases in all, or something was left out.
MIN_CASES = 500
SEED = 6


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path):
    with serve_demo(tmp_path) as (service, key):
        material = make_material(
            url=service.url, key=key, environment=make_environment(data_dir=tmp_path)
        )
        findings = fuzz(
            url=service.url, key=key, max_examples=MAX_EXAMPLES, material=material, seed=SEED
        )
        replaced = [
            requests.get(
                f"{service.url}/api/v1/approvals/{one}", headers={"Authorization": f"Bearer {key}"}, timeout=60
            ).json()["state"]
            for one in material["replaceable"].split()
        ]  # fmt: skip
        log = service.log.read_text()
    assert "Traceback" not in log, log[log.index("Traceback") :][:5000]
    assert findings.n_failed == 0, findings.report
    assert findings.n_cases > MIN_CASES, findings.report
    assert "superseded" in replaced  # its success was among the answers
