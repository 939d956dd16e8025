"""A grant may hold for named versions of a model; a new version needs a new grant."""

from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import GrantTerms


def check_model_version(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse a model version the grant does not name."""
    if not grant.model_versions or need.intent.model_version in grant.model_versions:
        return None
    asked = repr(need.intent.model_version) if need.intent.model_version else "none"
    return Mismatch(
        code=RightsCode.MODEL_VERSION,
        text=(
            f"{grant.label} holds for model versions {', '.join(sorted(grant.model_versions))}, "
            f"and the intended use names {asked}"
        ),
    )
