"""Progress of the commands, on standard error."""

import sys

from tqdm import tqdm

from compliance.services.indexing import update_index


def update_index_with_bar(description: str = "index") -> int:
    """Bring the index up with the catalog, however long it takes; return how many recordings were fingerprinted."""
    with tqdm(unit="recording", file=sys.stderr, desc=description, leave=False) as bar:

        def show(n_made: int, n_all: int) -> None:
            bar.total = n_all
            bar.update(n_made - bar.n)

        return update_index(progress=show)
