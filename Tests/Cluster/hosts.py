"""Hosts for tests on one machine: network namespaces on a bridge, which vanish with the script that made them.

`enter()` starts the script again inside namespaces of its own. Root needs nothing more; other users need user namespaces,
which some systems and most containers forbid. Nothing of the machine's own network changes.
"""

import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys

# The host of the script itself, and the others' network.
OWN_ADDRESS = "10.77.0.254"
INSIDE = "DQN_CLUSTER_HOSTS"


def _outside():
    """The command that runs another one in a network namespace of its own."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--net", "--uts", "--mount"]


def unavailable():
    """Why there can be no hosts; None if there can."""
    if os.environ.get(INSIDE):
        return None
    if not sys.platform.startswith("linux"):
        return "network namespaces exist on Linux alone"
    for program, package in (("unshare", "util-linux"), ("nsenter", "util-linux"), ("ip", "iproute2")):
        if shutil.which(program) is None:
            return f"there is no '{program}' (package {package})"
    trial = "ip link add br0 type bridge && ip link add p0 type veth peer name p1 && unshare --net true"
    result = subprocess.run([*_outside(), "sh", "-c", trial], capture_output=True, text=True)
    if result.returncode != 0:
        return f"this user may not create network namespaces ({result.stderr.strip() or result.returncode})"
    return None


def is_real_root():
    """Whether this is root outside a user namespace, who may become any user."""
    return pathlib.Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]


def enter():
    """Returns inside the namespaces; outside, runs this script again inside and ends as it does."""
    if os.environ.get(INSIDE):
        return
    os.execvpe("unshare", [*_outside(), sys.executable, *sys.argv], dict(os.environ, **{INSIDE: "1"}))


def _run(*words):
    subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True)


class Host:
    """A namespace with an address, kept by a process that sleeps."""

    def __init__(self, number):
        self.name = f"h{number}"
        self.address = f"10.77.0.{number}"
        self._port = f"p{number}"
        self._keeper = subprocess.Popen(
            ["unshare", "--net", "--uts", "sh", "-c", f"hostname {self.name}; echo; exec sleep infinity"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        # The namespace exists once there is a line.
        self._keeper.stdout.readline()
        _run("ip", "link", "add", self._port, "type", "veth", "peer", "name", "eth0", "netns", self._keeper.pid)
        _run("ip", "link", "set", self._port, "master", "br0")
        _run("ip", "link", "set", self._port, "up")
        for words in (("addr", "add", f"{self.address}/24", "dev", "eth0"), ("link", "set", "eth0", "up"),
                      ("link", "set", "lo", "up")):
            _run(*self.prefix, "ip", *words)

    @property
    def keeper(self):
        """The number of the process whose namespaces are the host's."""
        return self._keeper.pid

    @property
    def prefix(self):
        """The words that run a command on this host."""
        place = f"/proc/{self.keeper}/ns"
        return ["nsenter", f"--net={place}/net", f"--uts={place}/uts"]

    def cut(self):
        """Takes the link away: nothing arrives any more, and nobody is told."""
        _run("ip", "link", "set", self._port, "down")

    def join(self):
        """Gives the link back."""
        _run("ip", "link", "set", self._port, "up")

    def close(self):
        """Removes the host."""
        self._keeper.send_signal(signal.SIGKILL)
        self._keeper.wait()


class OwnHost:
    """The host of the script."""

    name = "h0"
    address = OWN_ADDRESS
    prefix = []


class Network:
    """Some hosts, and this script's own one, which is on the same bridge."""

    def __init__(self, count, names=None):
        """`names` is a file that becomes /etc/hosts for everything inside, with the hosts' names."""
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", "br0", "type", "bridge")
        _run("ip", "addr", "add", f"{OWN_ADDRESS}/24", "dev", "br0")
        _run("ip", "link", "set", "br0", "up")
        self.own = OwnHost()
        if names is not None:
            lines = ["127.0.0.1 localhost", f"{OWN_ADDRESS} h0"]
            lines += [f"10.77.0.{number} h{number}" for number in range(1, count + 1)]
            names.write_text("".join(line + "\n" for line in lines))
            _run("mount", "--bind", names, "/etc/hosts")
        self.hosts = [Host(number) for number in range(1, count + 1)]

    def close(self):
        for host in self.hosts:
            host.close()
        _run("ip", "link", "delete", "br0")


@dataclasses.dataclass(frozen=True)
class Account:
    """An ordinary user, who exists inside the namespaces alone."""

    name: str
    number: int
    home: pathlib.Path

    @property
    def prefix(self):
        """The words that run a command as this user; only root may use them."""
        return ["setpriv", f"--reuid={self.number}", f"--regid={self.number}", "--clear-groups", "env", "-u",
                "XDG_RUNTIME_DIR", f"HOME={self.home}", f"USER={self.name}", f"LOGNAME={self.name}"]


def add_account(folder):
    """Creates a user whose home is in a folder."""
    account = Account("dqn-check", 64_123, folder / "home")
    account.home.mkdir()
    os.chown(account.home, account.number, account.number)
    lines = {"passwd": f"{account.name}:x:{account.number}:{account.number}::{account.home}:/bin/sh",
             "group": f"{account.name}:x:{account.number}:",
             # `*` is no password; `!` would lock the account for sshd as well.
             "shadow": f"{account.name}:*:19000:0:99999:7:::"}
    for name, line in lines.items():
        present, copy = pathlib.Path("/etc", name), folder / name
        copy.write_text(present.read_text() + line + "\n")
        copy.chmod(0o600 if name == "shadow" else 0o644)
        _run("mount", "--bind", copy, present)
    return account
