"""Sends numbered datagrams over several flows, or receives them.

    probe.py tx ADDRESS PORT FLOWS PERIOD SECONDS
    probe.py rx PORT FLOWS SECONDS

Each prints JSON: when each number was sent and the worst lateness, or the numbers that arrived by flow.
"""

import json
import select
import socket
import struct
import sys
import time

mode = sys.argv[1]
if mode == "rx":
    base, flows, duration = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    end = time.time() + duration
    socks = []
    for f in range(flows):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", base + f))
        s.setblocking(False)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        socks.append(s)
    got = {f: [] for f in range(flows)}
    index = {s.fileno(): (f, s) for f, s in enumerate(socks)}
    po = select.poll()
    for s in socks:
        po.register(s, select.POLLIN)
    while time.time() < end:
        for fd, _ in po.poll(200):
            f, s = index[fd]
            try:
                while True:
                    got[f].append(struct.unpack("!I", s.recv(64)[:4])[0])
            except BlockingIOError:
                pass
    print(json.dumps(got))
else:
    dst, base, flows, period, duration = (
        sys.argv[2],
        int(sys.argv[3]),
        int(sys.argv[4]),
        float(sys.argv[5]),
        float(sys.argv[6]),
    )
    socks = []
    for f in range(flows):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind(("", base + 5000 + f))
        s.connect((dst, base + f))
        socks.append(s)
    start = time.time()
    times = []
    late = 0.0
    n = int(duration / period)
    for i in range(n):
        due = start + i * period
        now = time.time()
        if now < due:
            time.sleep(due - now)
            now = time.time()
        late = max(late, now - due)
        times.append(now)
        d = struct.pack("!I", i) + b"x" * 28
        for s in socks:
            try:
                s.send(d)
            except OSError:
                pass
    print(json.dumps({"times": times, "late": late}))
