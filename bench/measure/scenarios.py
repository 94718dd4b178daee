"""What is asked of the proxies. Names are those of the tables."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    requests: int           # in one slice: a tenth to half a second
    options: tuple          # of the load generator
    listener: str = "http"  # or tcp, https
    peers: tuple = ("seki", "sozu", "haproxy", "haproxy-again", "nginx", "floor")

    def address(self, site):
        return getattr(site, self.listener)


WITH_TLS = ("seki", "haproxy", "haproxy-again", "nginx")

SCENARIOS = {scenario.name: scenario for scenario in [
    Scenario("S1", "HTTP/1.1 keep-alive, 64 connections, 1 KiB", 4000, ("-c", "64", "-w", "4000")),
    Scenario("S1r", "S1 at 5,000 requests/s (open loop)", 1500, ("-c", "64", "-w", "4000", "-r", "5000")),
    Scenario("S2", "a connection per request (Connection: close), 64 at once, 1 KiB", 1500,
             ("-c", "64", "-w", "1000", "-k", "close", "-S", "8"),
             peers=("seki", "sozu", "haproxy", "haproxy-again", "nginx")),
    Scenario("S2h", "a connection per request, the client closes", 1500,
             ("-c", "64", "-w", "1000", "-k", "hang", "-S", "8")),
    Scenario("S3", "1 MiB bodies, 16 connections", 150, ("-c", "16", "-w", "100", "-u", "/1m"),
             peers=("seki", "sozu", "haproxy", "haproxy-again", "haproxy-splice", "nginx", "floor", "floor-splice")),
    Scenario("S4", "HTTPS keep-alive (TLS 1.3), 64 connections, 1 KiB", 4000, ("-c", "64", "-w", "4000", "-s"), "https",
             WITH_TLS),
    Scenario("S4b", "HTTPS, 1 MiB bodies, 16 connections", 120, ("-c", "16", "-w", "100", "-u", "/1m", "-s"), "https",
             WITH_TLS),
    Scenario("S5", "a connection with a full handshake (TLS 1.3, P-256) per request", 250,
             ("-c", "16", "-w", "100", "-k", "hang", "-s", "-S", "8"), "https", WITH_TLS),
    Scenario("S5R", "a connection with a resumed session per request", 300,
             ("-c", "16", "-w", "100", "-k", "hang", "-s", "-R", "-S", "8"), "https", WITH_TLS),
    Scenario("S7", "TCP tunnel, small messages, 64 connections", 4000, ("-c", "64", "-w", "4000"), "tcp"),
    Scenario("S7b", "TCP tunnel, 1 MiB, 16 connections", 150, ("-c", "16", "-w", "100", "-u", "/1m"), "tcp",
             ("seki", "sozu", "haproxy", "haproxy-again", "haproxy-splice", "nginx", "floor", "floor-splice")),
]}
