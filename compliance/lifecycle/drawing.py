"""The tables as Markdown: a Mermaid diagram of each machine, and who may do what."""

from collections.abc import Iterable

from compliance.lifecycle.duties import BY_ACTION, DUTIES, Duty
from compliance.lifecycle.machines import MACHINES, Machine

HEAD = """# Life cycle

Written by `manage.py document_life_cycle` from `compliance/lifecycle/`: change the tables there, not this text. The services
move along these arrows alone, each by one conditional UPDATE; triggers on SQLite and PostgreSQL refuse every other move,
whoever writes to the database (`pytest tests/compliance/test_guards.py` tries all of them).
"""
DUTIES_HEAD = """## Who may do what

The service acts by itself, a generator with a scope of its key, a person with a permission (roles: *Compliance officers* ask,
*Compliance approvers* agree; superusers may both). **Two people** means: one asks, another agrees on *Requests for a second
person*; the database refuses the same person twice. **Nobody overrides a failing right**: each approval and each lifted
suspension evaluates the rights again, so the only way is to mend the catalog and ask again.
"""


def describe_life_cycle() -> str:
    """Return docs/life-cycle.md."""
    parts = [
        HEAD,
        *(describe_machine(machine) for machine in MACHINES),
        DUTIES_HEAD + "\n" + describe_duties(),
    ]
    return "\n".join(parts)


def describe_machine(machine: Machine) -> str:
    """Return one section: the diagram, and what each status means."""
    lines = ["stateDiagram-v2", f"    [*] --> {machine.initial}"]
    lines += [
        f"    {move.source} --> {move.target}: {_name_move(move.action)}" for move in machine.moves
    ]
    lines += [
        f"    {state} --> [*]" for state in machine.states if state not in machine.transitions
    ]
    diagram = "\n".join(lines)
    meanings = _draw_table(
        ("status", "meaning"), ((f"`{s}`", text) for s, text in machine.states.items())
    )
    return f"## {machine.name.capitalize()}\n\n```mermaid\n{diagram}\n```\n\n{meanings}"


def describe_duties() -> str:
    """Return the table of actions."""
    rows = (
        (f"`{duty.action}`", duty.does, _name_who(duty), _count_people(duty), duty.guard)
        for duty in DUTIES
    )
    return _draw_table(("action", "what", "who", "people", "guard"), rows)


def _name_move(action: str) -> str:
    verb = action.partition(".")[2].replace("_", " ")
    return f"{verb} (two people)" if BY_ACTION[action].people > 1 else verb


def _name_who(duty: Duty) -> str:
    who = ["the service"] if duty.system else []
    who += [f"generator with `{duty.scope}`"] if duty.scope else []
    who += [f"person with `{duty.permission}`"] if duty.permission else []
    return ", ".join(who)


def _count_people(duty: Duty) -> str:
    if not duty.permission:
        return ""
    return "two" if duty.people > 1 else "one"


def _draw_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)
