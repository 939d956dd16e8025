"""Who may do what: one table, enforced by services, the API's scopes and the admin.

An action is done by the service itself, by a generator whose key has the scope, or by a person with the permission. Where it
takes two people, one with the permission asks and another one agrees (`request.agree`); nobody agrees to what they asked for.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One action and who may do it; empty names nobody."""

    action: str
    does: str
    system: bool = False
    scope: str = ""
    permission: str = ""
    people: int = 1
    guard: str = ""


DUTIES: Final = tuple(
    Duty(action=action, does=does, **who)
    for action, does, who in (
        ("clearance.request", "ask for a clearance", {
            "scope": "clearances:write", "guard": "decided in the same transaction; a failing right denies"}),
        ("clearance.cancel", "give a clearance back", {
            "scope": "clearances:write", "guard": "no song was submitted under its hold"}),
        ("clearance.extend", "hold the caps longer", {
            "scope": "clearances:write", "guard": "before the hold ends, at most CLEARANCE_MAX_HOLD_S after the decision"}),
        ("clearance.decide", "decide about a message", {
            "permission": "moderation.decide_reviewcase", "guard": "rights and caps are evaluated then; what fails denies"}),
        ("clearance.expire", "end a clearance whose time ran out", {"system": True}),
        ("submission.submit", "submit a song", {
            "scope": "submissions:write", "guard": "the clearance holds; the manifest names only its stems"}),
        ("submission.verify", "decide about a song from its audio", {
            "system": True, "guard": "rights are evaluated again; what fails rejects"}),
        ("submission.approve", "approve a song that was referred", {
            "permission": "moderation.decide_reviewcase", "guard": "rights are evaluated again; what fails rejects"}),
        ("submission.approve_unexplained", "approve a song with unexplained audio", {
            "permission": "moderation.decide_reviewcase", "people": 2,
            "guard": "rights are evaluated again; what fails rejects"}),
        ("submission.reject", "reject a song that was referred", {"permission": "moderation.decide_reviewcase"}),
        ("approval.suspend", "suspend an approval", {
            "system": True, "permission": "compliance.suspend_approval", "guard": "reversible; to be settled within 72 hours"}),
        ("approval.suspend_reviewed", "suspend an approval whose song a newer engine finds fault with", {
            "permission": "compliance.suspend_approval",
            "guard": "by rejecting its review case, which needs moderation.decide_reviewcase as well"}),
        ("approval.reinstate", "lift a suspension", {
            "permission": "compliance.reinstate_approval", "people": 2, "guard": "the rights hold today"}),
        ("approval.revoke", "revoke an approval for good", {
            "system": True, "permission": "compliance.revoke_approval", "people": 2,
            "guard": "the service alone only by a recall"}),
        ("approval.supersede", "put another approval in its place", {
            "scope": "approvals:write", "guard": "the other one is live and the generator's own"}),
        ("approval.sunset", "end an approval whose time is over", {"system": True}),
        ("recall.preview", "see what a recall would do", {"permission": "compliance.view_recall"}),
        ("recall.open", "recall songs by suspending them", {
            "system": True, "permission": "compliance.open_recall", "guard": "at most RECALL_SOLO_LIMIT songs"}),
        ("recall.open_large", "recall many songs, or for good", {
            "permission": "compliance.open_recall", "people": 2,
            "guard": "more songs than that, or for good"}),
        ("recall.apply", "move the songs of a recall", {"system": True, "guard": "a song another grant covers is kept"}),
        ("recall.cancel", "stop a recall that is not done", {"permission": "compliance.open_recall"}),
        ("recall.undo", "reinstate what a recall suspended", {
            "permission": "compliance.reinstate_approval", "people": 2,
            "guard": "songs whose rights hold today"}),
        ("recall.acknowledge", "say what was done with recalled songs", {"scope": "recalls:write"}),
        ("recall.close", "close a recall", {
            "system": True, "permission": "compliance.open_recall", "guard": "the service once every song is acknowledged"}),
        ("request.agree", "agree to what somebody asked for", {
            "permission": "compliance.decide_actionrequest", "guard": "not who asked"}),
        ("request.refuse", "refuse what somebody asked for", {
            "permission": "compliance.decide_actionrequest", "guard": "not who asked"}),
        ("request.withdraw", "take a request back", {
            "permission": "compliance.view_actionrequest", "guard": "who asked"}),
    )
)  # fmt: skip
BY_ACTION: Final = {duty.action: duty for duty in DUTIES}
# Reasons with which one person alone does not approve a song: sound that nobody could explain, or that was never measured.
UNEXPLAINED_CODES: Final = frozenset({"audio.unexplained", "ops.verification_failed"})
