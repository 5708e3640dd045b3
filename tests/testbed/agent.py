#!/usr/bin/env python3
"""Runs inside one namespace of the testbed and does there what a test asks for.

Requests arrive as JSON lines on stdin, {"id", "op", ...}; each is served by a thread of its own and
answered by a JSON line on stdout, {"id", "result"} or {"id", "error"}. End of stdin ends the agent,
so that it never outlives its test. Only the standard library is used.
"""

import json
import os
import struct
import sys
import threading
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import agent_bpf  # noqa: E402
import agent_frames  # noqa: E402
import agent_kernel  # noqa: E402
import agent_probes  # noqa: E402
import agent_streams  # noqa: E402

OPERATIONS = {}
for module in (agent_bpf, agent_frames, agent_kernel, agent_probes, agent_streams):
    OPERATIONS.update(module.OPERATIONS)

output_lock = threading.Lock()


def answer(message):
    """One line per answer, whole, whichever thread writes it."""
    with output_lock:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def serve(request):
    try:
        result = OPERATIONS[request["op"]](**request.get("arguments", {}))
        answer({"id": request["id"], "result": result})
    except BaseException as error:  # noqa: BLE001: the test wants to see whatever it was
        text = "".join(traceback.format_exception_only(type(error), error)).strip()
        answer({"id": request["id"], "error": text})


def main():
    answer({"id": 0, "result": struct.calcsize("P")})
    for line in sys.stdin:
        threading.Thread(target=serve, args=(json.loads(line),), daemon=True).start()
    os._exit(0)


main()
