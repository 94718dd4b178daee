"""Memory per idle connection: with so many clients that each made one request, against a start with none."""
import time

from measure import machine
from measure.running import Load, Origin, Proxy

SMALLEST_LIMIT = 16


def idle_connection_kib(work, name, peer, connections):
    """KiB per connection: (PSS with the clients - PSS of a process that is sized for almost none) / clients."""
    with Origin(work) as origin:
        small = _resident(work, name, peer, origin, SMALLEST_LIMIT, 0)
        large = _resident(work, name, peer, origin, connections + connections // 20, connections)
    return (large - small) / connections


def _resident(work, name, peer, origin, limit, connections):
    proxy = Proxy(work, name, peer, origin.port, connections=limit)
    try:
        if connections == 0:
            return machine.pss_kib(proxy.pid)
        load = Load(work, proxy.site.http, "-c", str(connections), "-i", "-S", "4", "-D", "60")
        opened = load.told()
        if opened["errors"] or opened["opened"] != connections:
            raise RuntimeError(f"{name}: not all connections were served: {opened}")
        time.sleep(0.5)  # buffers are given back
        resident = machine.pss_kib(proxy.pid)
        load.close()
        return resident
    finally:
        proxy.stop()
