"""Memory per idle connection: with so many clients that each made one request, against a start with none."""
import time

from measure import machine
from measure.running import Load, Origin, Proxy

SMALLEST_LIMIT = 16


def idle_connection_kib(work, name, peer, connections, secured=False):
    """KiB per connection, plain or through TLS: (PSS with the clients - PSS of a process that is sized for almost none) / clients."""
    with Origin(work) as origin:
        small = _resident(work, name, peer, origin, SMALLEST_LIMIT, 0, secured)
        large = _resident(work, name, peer, origin, connections + connections // 20, connections, secured)
    return (large - small) / connections


def _resident(work, name, peer, origin, limit, connections, secured):
    proxy = Proxy(work, name, peer, origin.port, connections=limit)
    try:
        if connections == 0:
            return machine.pss_kib(proxy.pid)
        address, more = (proxy.site.https, ["-s"]) if secured else (proxy.site.http, [])
        load = Load(work, address, "-c", str(connections), "-i", "-S", "4", "-D", "120", *more)
        opened = load.told()
        if opened["errors"] or opened["opened"] != connections:
            raise RuntimeError(f"{name}: not all connections were served: {opened}")
        time.sleep(0.5)  # buffers are given back
        resident = machine.pss_kib(proxy.pid)
        load.close()
        return resident
    finally:
        proxy.stop()
