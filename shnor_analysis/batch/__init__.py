"""Many notebooks: plan, ledger, engines. Knows nothing of schools and serves anybody's parameterised notebooks.

`plan.make_plan` checks everything before anything runs, `plain_engine.run_plan` runs it, `ledger` is its memory.
"""
