"""Options of mounts that are understood: how a file system is reached and read, and no password among them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, listed

_WORDS = {
    *("ro", "rw", "hard", "soft", "intr", "nointr", "noatime", "nodiratime", "relatime", "nosuid", "nodev", "noexec"),
    *("sync", "async", "tcp", "udp", "rdma", "ac", "noac", "cto", "nocto", "lock", "nolock", "fsc", "sharecache"),
    *("nosharecache", "resvport", "noresvport", "bg", "fg", "acl", "noacl", "discard", "nodiscard", "mfsymlinks"),
    *("nobrl", "noperm", "serverino", "noserverino", "seal", "sfu", "debug", "_netdev", "nofail", "dirstat", "nopool"),
}
_KEYS = {
    *("vers", "nfsvers", "minorversion", "rsize", "wsize", "timeo", "retrans", "retry", "port", "mountport", "proto"),
    *("mountproto", "sec", "nconnect", "max_connect", "actimeo", "acregmin", "acregmax", "acdirmin", "acdirmax"),
    *("lookupcache", "local_lock", "namlen", "uid", "gid", "dir_mode", "file_mode", "cache", "iocharset", "bsize"),
    *("mds_namespace", "fs", "recover_session", "wsync", "rasize", "caps_max", "readdir_max_entries", "ms_mode"),
    *("data", "errors", "commit", "logbsize", "logbufs", "allocsize", "echo_interval", "context", "fsname"),
}
_VALUE = re.compile(r"[\w.:+-]{1,40}")


def mount_options(value: JsonValue, path: str) -> Iterator[Fault]:
    """Options that are not understood; none is shown, for it may be a password."""
    for where, option in listed(value, path):
        if not isinstance(option, str):
            yield Fault(path=where, text=NOT_KNOWN if option is UNKNOWN else "is no text")
            continue
        for part in option.removeprefix("-o").strip().split(","):
            key, sign, said = part.strip().partition("=")
            if not (key in _KEYS and _VALUE.fullmatch(said) if sign else key in _WORDS):
                yield Fault(path=where, text="holds an option of a mount that is not understood (not shown)")
                break
