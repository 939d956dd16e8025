"""The recipe for the demo music: scores as Python, rendered by `python -m config.demo.compose`.

Nothing in the service imports this package; it needs tools that only the person who changes the
demo music has to install (docs/demo-material.md).
"""
