"""Name what a message can be stopped for, and how bad a single finding is."""

from enum import IntEnum, StrEnum


class Category(StrEnum):
    """What a message can be stopped for; the reason code is `screening.<category>`."""

    HARASSMENT = "harassment"
    HATE = "hate"
    THREAT = "threat"
    SEXUAL = "sexual"
    SEXUAL_MINORS = "sexual_minors"
    SELF_HARM = "self_harm"
    VIOLENCE = "violence"
    PROFANITY = "profanity"
    PII = "pii"
    EXTREMISM = "extremism"
    SPAM = "spam"
    ILLICIT = "illicit"
    PROMPT_INJECTION = "prompt_injection"


class Severity(IntEnum):
    """How much a lexicon entry says by itself."""

    CONTEXT = 1  # a hint for the classifier; never enough alone ("damn", "idiot" among friends)
    REVIEW = 2  # a person should look unless the context is plainly warm ("shit", "bitch")
    STRONG = 3  # abusive in nearly every dedication ("motherfucker", "hurensohn")
    CORE = 4  # unambiguous; with a second sign it may block alone (slurs, "kill yourself")


class Kind(StrEnum):
    """What the text is; it sets the length limit."""

    MESSAGE = "message"
    LYRICS = "lyrics"
