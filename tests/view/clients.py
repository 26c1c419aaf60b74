"""Who sends requests to the server of ``vitreous view``."""

import http.client
import json
import time
from urllib.parse import parse_qs, urlsplit

PATIENCE = 60.0


class Client:
    """What a browser, or somebody else, sends to the server."""

    def __init__(self, address):
        parts = urlsplit(address)
        self.host, self.port = parts.hostname, parts.port
        self.token = parse_qs(parts.query)["token"][0]

    def send(self, method, path, body=None, **headers):
        """Status, headers and body of any request."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def ask(self, method, path, body=None):
        """What the page is told, with the token it has."""
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        status, _, content = self.send(
            method, path, raw, **{"X-Vitreous-Token": self.token, "Content-Type": kind}
        )
        return status, json.loads(content)

    def good(self, method, path, body=None):
        status, told = self.ask(method, path, body)
        assert status == 200, told
        return told

    def open(self, name):
        return self.good("POST", "/api/open", {"name": name})

    def done(self, begun):
        """The last that is told of a computation."""
        deadline = time.monotonic() + PATIENCE
        while begun["state"] in ("waiting", "running") and time.monotonic() < deadline:
            time.sleep(0.05)
            begun = self.good("GET", f"/api/job/{begun['job']}")
        return begun
