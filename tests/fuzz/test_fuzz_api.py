"""The short form of `make fuzz-api`."""

import pytest

from tests.fuzz.api import fuzz, serve_demo

# Cases for one operation: enough for every check to be made on every operation.
MAX_EXAMPLES = 5
# More than this many cases in all, or something was left out.
MIN_CASES = 500


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path):
    with serve_demo(tmp_path, LOG_LEVEL="ERROR") as (service, key):
        findings = fuzz(url=service.url, key=key, max_examples=MAX_EXAMPLES)
        assert "Traceback" not in service.log.read_text()
    assert findings.n_failed == 0, findings.report
    assert findings.n_cases > MIN_CASES, findings.report
