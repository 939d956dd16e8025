"""Where things stand and who may move them: tables without Django, printed as docs/life-cycle.md."""
