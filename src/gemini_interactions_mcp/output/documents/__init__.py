"""Writers of documents, which need libraries of the `export` extra. Everything here blocks."""
