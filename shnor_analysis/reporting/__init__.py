"""From one evaluation to a page: notebook, HTML, manifest, index."""
