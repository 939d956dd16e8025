"""What moderation tells the rest: one signal."""

from django.dispatch import Signal


class DecisionRefused(Exception):
    """What the decision would do is not for this reviewer to do; the text says what is missing."""


# Sent inside the transaction of the decision with `case`, the decided ReviewCase, and `reviewer`, who decided. A receiver that
# raises undoes the decision.
review_case_decided = Signal()
