"""What supervisord is told, in its own file format."""

import sys
from collections.abc import Iterable
from pathlib import Path

from infra.local.home import ROOT, Stack
from infra.local.programs import Program

# A process that ends sooner has not started: it is tried again after 1, 2, 3… seconds, then given up.
START_SECONDS = 5
START_RETRIES = 5


def configuration(stack: Stack, programs: Iterable[Program], socket: Path, pid_file: Path) -> str:
    head = f"""
[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisord]
logfile={stack.logs}/supervisord.log
logfile_maxbytes=5MB
pidfile={pid_file}
directory={stack.home}
umask=077
"""
    listeners = (
        _listener(stack, "rotation", stack.logs),
        _listener(stack, "guard", stack.home),
    )
    return head + "".join(listeners) + "".join(_section(stack, program) for program in programs)


def _listener(stack: Stack, name: str, folder: Path) -> str:
    """A module of ours that supervisord calls each minute."""
    command = (sys.executable, "-m", f"infra.local.{name}", str(folder))
    return f"""
[eventlistener:{name}]
command={" ".join(quoted(word) for word in command)}
environment=PYTHONPATH={quoted(str(ROOT))}
events=TICK_60
autostart=true
autorestart=true
startsecs=0
stderr_logfile={stack.logs}/{name}.log
stderr_logfile_maxbytes=1MB
stderr_logfile_backups=0
"""


def _section(stack: Stack, program: Program) -> str:
    environment = ",".join(f"{key}={quoted(value)}" for key, value in program.environment.items())
    user = f"user={program.user}\n" if program.user else ""
    directory = f"directory={program.directory}\n" if program.directory else ""
    return f"""
[program:{program.name}]
command={" ".join(quoted(word) for word in program.command)}
environment={environment}
{user}{directory}autostart=false
autorestart=true
startsecs={START_SECONDS}
startretries={START_RETRIES}
stopsignal={program.stop_signal}
stopwaitsecs={program.stop_seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={stack.logs}/{program.name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=3
"""


def quoted(word: str) -> str:
    """supervisord knows no escapes inside quotes: the kind of quote is chosen by what is inside."""
    quote = "'" if '"' in word else '"'
    return quote + word.replace("%", "%%") + quote
