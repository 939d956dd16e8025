"""The languages that are screened. A new language is a folder here and one line below."""

LANGUAGES = ("en", "es", "pt", "fr", "de", "ko")
