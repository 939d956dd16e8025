"""The tables of the life cycle: whole, drawn in docs/, and the ones that the API and the code keep to."""

import ast
import io
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import get_resolver

from compliance.lifecycle.duties import BY_ACTION, DUTIES
from compliance.lifecycle.event_kinds import INSIDE_AREAS, KINDS
from compliance.lifecycle.machines import MACHINES

ROOT = Path(__file__).parents[2]
# Which actions of the table each address of the API does.
ADDRESSES = {
    "clearances": "clearance.request",
    "clearance-cancel": "clearance.cancel",
    "clearance-extend": "clearance.extend",
    "submissions": "submission.submit",
    "approval-supersede": "approval.supersede",
    "recall-acknowledgements": "recall.acknowledge",
}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_move_goes_between_states_by_an_action_and_every_state_is_reached(machine):
    for move in machine.moves:
        assert {move.source, move.target} <= set(machine.states)
        assert move.action in BY_ACTION
    reached = {machine.initial}
    while more := {m.target for m in machine.moves if m.source in reached} - reached:
        reached |= more
    if machine.name == "recall":  # one that needs no second person begins as scheduled
        reached.add("scheduled")
    assert reached == set(machine.states)


def test_every_action_is_somebodys_and_what_takes_two_is_asked_by_people():
    assert len(BY_ACTION) == len(DUTIES)
    for duty in DUTIES:
        assert duty.system or duty.scope or duty.permission, duty
        assert duty.permission or duty.people == 1, duty


def test_what_takes_two_people_is_what_the_design_says():
    assert {duty.action for duty in DUTIES if duty.people > 1} == {
        "approval.reinstate", "approval.revoke", "submission.approve_unexplained", "recall.open_large", "recall.undo",
    }  # fmt: skip


def test_the_api_asks_for_the_scope_that_the_table_names():
    found = {}
    for pattern in get_resolver().url_patterns:
        for inner in getattr(pattern, "url_patterns", []):
            if getattr(inner, "name", None) in ADDRESSES and str(pattern.pattern) == "api/v1/":
                found[inner.name] = inner.callback.view_class.required_scopes["POST"]
    assert found == {name: (BY_ACTION[action].scope,) for name, action in ADDRESSES.items()}
    assert {duty.action for duty in DUTIES if duty.scope} == set(ADDRESSES.values())


def test_the_permissions_of_the_table_exist(db):
    from django.contrib.auth.models import Permission

    known = {f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.all()}
    assert {duty.permission for duty in DUTIES if duty.permission} <= known


def test_the_docs_are_current():
    call_command("document_life_cycle", "--check")


def test_docs_that_are_not_current_are_named(settings, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "webhooks.md").write_text("<!-- kinds -->\nold\n<!-- end of kinds -->\n")
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match=r"life-cycle\.md, webhooks\.md"):
        call_command("document_life_cycle", "--check")
    call_command("document_life_cycle", stdout=io.StringIO())
    call_command("document_life_cycle", "--check")


def list_recorded_kinds() -> set[str]:
    """Every text in the services that is a kind of event or the pattern of some: what is filled in is `*`."""
    kinds = set()
    for path in (ROOT / "compliance" / "services").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).startswith("logger."):
                continue
            for value in [*node.args[:1], *(k.value for k in node.keywords if k.arg == "kind")]:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    kinds.add(value.value)
                elif isinstance(value, ast.JoinedStr):
                    parts = [p.value if isinstance(p, ast.Constant) else "*" for p in value.values]
                    kinds.add("".join(map(str, parts)))
    return {kind for kind in kinds if re.fullmatch(r"[a-z_]+\.([a-z_]+|\*)", kind)} - set(BY_ACTION)


def test_every_kind_that_is_recorded_is_in_the_catalog_of_kinds_and_the_other_way_round():
    recorded = list_recorded_kinds()
    assert {"submission.received", "clearance.*", "approval.*", "cap.*"} <= recorded
    for kind in recorded:
        pattern = re.compile(re.escape(kind).replace(r"\*", "[a-z_]+"))
        found = any(pattern.fullmatch(known) for known in KINDS)
        assert found or kind.partition(".")[0] in INSIDE_AREAS, f"{kind} is in no catalog"
    patterns = [re.compile(re.escape(kind).replace(r"\*", "[a-z_]+")) for kind in recorded]
    for known in KINDS:
        assert any(pattern.fullmatch(known) for pattern in patterns), f"{known} is never recorded"


def test_every_status_that_generators_have_is_an_event():
    for machine in MACHINES[:3]:
        told = {kind.partition(".")[2] for kind in KINDS if kind.startswith(f"{machine.name}.")}
        assert set(machine.states) - {"received", "live"} <= told
