# SPDX-License-Identifier: Apache-2.0
"""nginx in front of all instances: each connection and each request goes to the next instance."""
import os
import shutil

from checks import until
from daemon import TOKEN
from programs import Program, free_port
from wire import Server

CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log warn;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    {temporary}
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    upstream julesd {{
        {servers}
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://julesd;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_connect_timeout 2s;
            proxy_read_timeout 75s;
            add_header X-Served-By $upstream_addr always;
        }}
    }}
}}
"""


class Balancer:
    def __init__(self, work, ports):
        self.folder, self.port = f"{work}/nginx", free_port()
        os.mkdir(self.folder)
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # nginx goes to the next instance if one refuses a connection. It remembers no failure, because with three instances that
        # restart one after the other it would soon count all of them as gone.
        servers = "".join(f"server 127.0.0.1:{port} max_fails=0;" for port in ports)
        with open(f"{self.folder}/nginx.conf", "w") as file:
            file.write(CONFIGURATION.format(folder=self.folder, temporary=temporary, servers=servers, port=self.port))
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        self.program = Program([nginx, "-p", self.folder, "-c", f"{self.folder}/nginx.conf", "-e", f"{self.folder}/error.log"])
        self.server = Server(self.port, token=TOKEN)

        def listens():
            try:
                return self.server.dial(1).close() is None
            except OSError:
                return False
        self.program.wait_for(lambda: until(listens, 1), "listener")

    def end(self):
        self.program.stop()
