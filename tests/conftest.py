"""What every test needs whoever started it."""

from __future__ import annotations

import signal

# A shell starts background jobs with Ctrl-C ignored, and every child inherits that; tests that interrupt need it back.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
