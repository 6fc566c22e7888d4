"""Where the sources of peers lie that no package manager provides: LOSSKIT_PEERS/NAME, a checkout of each."""

import os
import sys

from serve import skip


def use_peer(name, url):
    """Makes the modules of a peer's checkout importable; skips where there is none."""
    folder = os.environ.get("LOSSKIT_PEERS")
    if not folder:
        skip(f"LOSSKIT_PEERS names no folder; put a checkout of {url} into one, as {name}")
    source = os.path.join(folder, name)
    if not os.path.isdir(source):
        skip(f"{source} is not there; put a checkout of {url} there")
    sys.path.insert(0, source)
