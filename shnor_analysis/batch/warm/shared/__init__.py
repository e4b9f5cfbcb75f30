"""A fork server that outlives a command: one for each user, interpreter, set of packages and environment.

`key` names the server, `place` is where its socket lies, `server` the server, `borrowing` how others get a kernel of it,
`surroundings` what of them the kernel takes over, `seen_imports` how the server learns which libraries are wanted.
"""
