"""Training of the screening model: the project's own corpus, public sources, and the recipe. Never imported at run time."""
