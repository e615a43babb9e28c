# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL servers in folders of their own: primaries and standbys, which are stopped, killed and promoted."""
import glob
import os
import shutil
import signal
import subprocess

from checks import until
from programs import Program, free_port

OWNER = "postgres"
SETTINGS = {
    "listen_addresses": "*", "max_connections": "200", "fsync": "off", "track_commit_timestamp": "on", "wal_keep_size": "256MB",
    "logging_collector": "on", "log_filename": "server.log", "log_line_prefix": "%m [%p] %a ", "log_lock_waits": "on"}


def programs():
    """The folder of the newest installed server's programs."""
    folders = glob.glob("/usr/lib/postgresql/*/bin")
    if not folders:
        raise RuntimeError("the package postgresql is missing: make setup-instances")
    return max(folders, key=lambda folder: int(folder.split("/")[4]))


class PostgreSQL:
    """One server. Its folder belongs to a user other than root, because the server refuses to run as root.

    `within` are the first words of a command that starts the server in a network namespace."""

    def __init__(self, work, name, within=()):
        self.name, self.within, self.bin = name, list(within), programs()
        self.folder = f"{work}/{name}"
        self.data, self.port, self.program = f"{self.folder}/data", free_port(), None
        os.mkdir(self.folder)
        if os.geteuid() == 0:
            shutil.chown(self.folder, OWNER, OWNER)

    def command(self, program, *arguments):
        user = ["setpriv", "--reuid", OWNER, "--regid", OWNER, "--clear-groups"] if os.geteuid() == 0 else []
        return [*user, f"{self.bin}/{program}", *arguments]

    def call(self, program, *arguments):
        done = subprocess.run(self.command(program, *arguments), cwd=self.folder, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {program}: {done.stderr}")

    def create(self):
        """Makes a new cluster with the database and the role of julesd, which has no rights beyond that database."""
        self.call("initdb", "-D", self.data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync")
        with open(f"{self.data}/pg_hba.conf", "a") as rules:
            rules.write("host all,replication all samenet trust\n")
        self.start()
        self.query("CREATE ROLE julesd LOGIN", "postgres")
        self.query("CREATE DATABASE julesd OWNER julesd", "postgres")
        return self

    def start(self):
        settings = {**SETTINGS, "port": self.port, "unix_socket_directories": self.folder}
        words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        self.program = Program([*self.within, *self.command("postgres", "-D", self.data, *words)], name=self.name, cwd=self.folder)
        self.await_answers()
        return self

    def await_answers(self):
        def answers():
            return subprocess.run(self.command("pg_isready", "-q", "-h", self.folder, "-p", str(self.port))).returncode == 0
        self.program.wait_for(answers, "answer", 60)

    def end(self, order=signal.SIGINT):
        """SIGINT is a fast shutdown, SIGQUIT an immediate one."""
        if self.program:
            self.program.stop(order)

    def kill(self):
        """Kills the server and all its processes at once."""
        server = self.program.process
        children = open(f"/proc/{server.pid}/task/{server.pid}/children").read().split()
        for process in [server.pid, *map(int, children)]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.program.stop()

    def query(self, sql, database="julesd"):
        """The rows of the answer, as lists of texts."""
        done = subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-F", "\t", "-h", self.folder, "-p", str(self.port), "-U", OWNER, "-d", database],
            input=sql, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{self.name}: {done.stderr}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def value(self, sql):
        return self.query(sql)[0][0]

    def standby(self, work, name, synchronous):
        """A running standby of this server."""
        other = PostgreSQL(work, name, self.within)
        other.call("pg_basebackup", "-D", other.data, "-R", "-X", "stream", "-c", "fast", "--no-sync",
                   "-d", f"host={self.folder} port={self.port} user={OWNER} application_name={name}")
        other.start()
        if synchronous:
            self.query(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'; SELECT pg_reload_conf()")
        wanted = "sync" if synchronous else "async"
        if not until(lambda: [wanted] in self.query(f"SELECT sync_state FROM pg_stat_replication WHERE application_name = '{name}'"), 30):
            raise RuntimeError(f"{name} does not follow {self.name}")
        return other

    def cut_off(self):
        """Makes a standby stop following its primary."""
        self.query("ALTER SYSTEM SET primary_conninfo = ''; SELECT pg_reload_conf()")
        if not until(lambda: not self.query("SELECT pid FROM pg_stat_wal_receiver"), 30):
            raise RuntimeError(f"{self.name} still follows")

    def promote(self):
        self.query("ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_promote(true, 30)")
