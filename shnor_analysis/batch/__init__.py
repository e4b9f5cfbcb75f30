"""Many notebooks: plan, ledger, engines. Knows nothing of schools."""
