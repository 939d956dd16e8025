"""Evidence packs: all about one approved song in one archive, for disputes. Values in, bytes out, the same for the same."""
