"""Reports on several machines through Dask distributed (extra `cluster`): whole chunks go to a fork server beside a worker.

`crew.ClusterCrew` is the batch's door. `joining` connects, `checking` says which workers may take part, `chunks` keeps
count of who has what, `on_worker` is what a worker runs, `server_beside` the fork server that it keeps. Only the process
that ordered the run publishes and writes the ledger.
"""
