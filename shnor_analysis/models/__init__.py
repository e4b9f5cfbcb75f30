"""Models of results: fit_* and estimate_* ask the warehouse for what they need and call kernels."""
