"""List flow by chance: the latent level of schools fitted to counts, and next year drawn from it."""
