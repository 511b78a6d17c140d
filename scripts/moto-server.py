"""Runs moto's S3 for the tests, on a free port of this machine that it prints as its first line.

One request at a time: moto looks whether an object exists and writes it in two steps, which S3 does in one. It ends when its
standard input does, so that it never outlives the test that started it.
"""

import os
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

app = DomainDispatcherApplication(create_backend_app)
one_at_a_time = threading.Lock()


def atomic(environ, start_response):
    with one_at_a_time:
        return list(app(environ, start_response))


def end_with_standard_input():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_standard_input, daemon=True).start()
server = make_server("127.0.0.1", 0, atomic, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
