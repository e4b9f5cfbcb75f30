"""The warm engine: a parent that has imported everything forks a child a report; outputs stay those of papermill.

`engine.WarmEngine` is papermill's door, `crew.WarmCrew` the batch's. `kernel` is ipykernel on a `wire` instead of ports,
`client` papermill's client at the other end, `fork_server` the parent, `child` what runs in the fork, `forking` says
whether a fork is safe here.
"""
