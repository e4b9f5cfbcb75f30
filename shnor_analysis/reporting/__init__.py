"""From one evaluation to a page: notebook, HTML, manifest, index. Knows nothing of processes.

`orders` says which notebook runs with which parameters into which folder, `finishing.finish_report` turns an executed
notebook into a page with its manifest, `index.write_index` links the pages of a year. The notebooks that papermill
runs lie in `templates/`, inside the package, so that an installed copy has them, too.
"""
