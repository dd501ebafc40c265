"""The Pub/Sub API over gRPC: what is asked and what arrives; what to do about it is decided outside.

All of it runs in one event loop of the process (`event_loop`). Measured with 20 orgs of 22 quiet channels each: gRPC's
threads took 907 threads, 38 MB and 0.12 core-seconds a second, its asyncio face 8 threads, 17 MB and none.
"""

import os

# gRPC's core writes to standard error, past our log, unless it is told not to before it is imported; what it has to say comes
# as the error of a call.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
