"""Serves moto on a free loopback port, which it prints, until its standard input ends.

Ending with the standard input rather than by a signal means that the server never outlives the test that started it, however
that one ended.
"""

import os
import socket
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

listener = socket.create_server(("127.0.0.1", 0), backlog=128)
port = listener.getsockname()[1]
os.environ["MOTO_PORT"] = str(port)  # moto asks itself some things


class Quiet(MotoRequestHandler):
    def log_request(self, code="-", size="-"):
        pass


server = make_server("127.0.0.1", port, DomainDispatcherApplication(create_backend_app), threaded=True,
                     request_handler=Quiet, fd=listener.fileno())
threading.Thread(target=server.serve_forever, daemon=True).start()
print(port, flush=True)
os.dup2(2, 1)  # nobody reads on, and moto prints now and then: a full pipe would stop it
sys.stdin.read()
os._exit(0)
