"""A load client that costs little: raw sockets, requests prepared before the clock runs, a process of its own.

Reads a JSON plan from standard input, writes a JSON result to standard output; `tests.bench.api` starts it.
"""

import json
import socket
import sys
import threading
import time
from itertools import count


def read_answer(connection: socket.socket, buffer: bytearray) -> int:
    """Read one answer with a Content-Length off a connection; return its status."""
    while (head_end := buffer.find(b"\r\n\r\n")) < 0:
        chunk = connection.recv(65_536)
        if not chunk:
            raise ConnectionError("the server hung up")
        buffer += chunk
    head = bytes(buffer[:head_end]).lower()
    start = head.index(b"content-length:") + 15
    length = int(head[start : head.find(b"\r\n", start) if b"\r\n" in head[start:] else None])
    end = head_end + 4 + length
    while len(buffer) < end:
        chunk = connection.recv(65_536)
        if not chunk:
            raise ConnectionError("the server hung up")
        buffer += chunk
    del buffer[:end]
    return int(head[9:12])


def main() -> None:
    plan = json.load(sys.stdin)
    requests = [request.encode("latin-1") for request in plan["requests"]]
    turns, deadline = count(), time.perf_counter() + plan["seconds"]
    limit = plan["n"] or float("inf")
    durations_s: list[float] = []
    statuses: dict[int, int] = {}
    lock = threading.Lock()

    def ask() -> None:
        connection = socket.create_connection((plan["host"], plan["port"]), timeout=60)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        buffer = bytearray()
        while time.perf_counter() < deadline and (turn := next(turns)) < limit:
            request = requests[turn % len(requests)]
            start = time.perf_counter()
            connection.sendall(request)
            status = read_answer(connection, buffer)
            duration_s = time.perf_counter() - start
            with lock:
                durations_s.append(duration_s)
                statuses[status] = statuses.get(status, 0) + 1
        connection.close()

    start, cpu = time.perf_counter(), time.process_time()
    threads = [threading.Thread(target=ask) for _ in range(plan["connections"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = {
        "seconds": time.perf_counter() - start,
        "client_cpu_s": time.process_time() - cpu,
        "durations_s": durations_s,
        "statuses": statuses,
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
