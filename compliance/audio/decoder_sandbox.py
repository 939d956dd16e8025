"""What the decoding child may no longer do once it starts: no network, no programs, no other processes.

Loaded by path, standard library alone.  On Linux a seccomp filter lets the kernel refuse the calls;
elsewhere the limits on time, memory and output remain.
"""

import ctypes
import platform
import resource
import signal
import struct
import sys
from typing import Any

# prctl(2) and seccomp(2).
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
SECCOMP_MODE_FILTER = 2
RET_ALLOW, RET_ERRNO, RET_KILL = 0x7FFF0000, 0x00050000, 0x80000000
EPERM, ENOSYS = 1, 38
# Classic BPF: load a word, jump if equal, return.
LOAD_WORD, JUMP_EQUAL, JUMP_SET, RETURN = 0x20, 0x15, 0x45, 0x06
# Offsets in struct seccomp_data: number, architecture, lower half of the first argument.
NUMBER_AT, ARCH_AT, ARGUMENT_AT = 0, 4, 16
# clone(2) makes a thread with this flag, a process without.
CLONE_THREAD = 0x10000
# The same number on every architecture.
CLONE3 = 435

# Architecture -> (audit number, number of clone, system calls that are refused).
REFUSED: dict[str, tuple[int, int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        56,
        {
            "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "sendmsg": 46, "bind": 49, "listen": 50,
            "socketpair": 53, "fork": 57, "vfork": 58, "execve": 59, "kill": 62, "ptrace": 101, "accept4": 288,
            "process_vm_writev": 311, "execveat": 322, "io_uring_setup": 425,
        },
    ),
    "aarch64": (
        0xC00000B7,
        220,
        {
            "ptrace": 117, "kill": 129, "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202,
            "connect": 203, "sendto": 206, "sendmsg": 211, "execve": 221, "accept4": 242, "process_vm_writev": 271,
            "execveat": 281, "io_uring_setup": 425,
        },
    ),
}  # fmt: skip
# A filter sees numbers only where calls are made as on x86_64 proper; the x32 variants set this bit.
X32_BIT = 0x40000000


def restrict_process(limits: dict[str, Any]) -> None:
    """Set the limits, die with the parent, and give up network, programs and processes."""
    for what, value in (
        (resource.RLIMIT_CPU, limits["cpu_s"]),
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["output_bytes"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
    ):
        resource.setrlimit(what, (value, value))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        refuse_system_calls(libc)


def refuse_system_calls(libc: ctypes.CDLL) -> bool:
    """Have the kernel refuse what a decoder never needs; tell whether it does."""
    if platform.machine() not in REFUSED or struct.calcsize("P") != 8:
        return False
    program = build_filter(platform.machine())
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: number of instructions, padding, address.
    head = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    prog = ctypes.create_string_buffer(head, len(head))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    address = ctypes.c_void_p(ctypes.addressof(prog))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, address, 0, 0) == 0)


def build_filter(machine: str) -> bytes:
    """Return the BPF program: foreign architectures die, refused calls fail with EPERM, others pass.

    clone3 hides its flags from filters; "not implemented" makes the C library use clone.
    """
    arch, clone, numbers = REFUSED[machine]
    refused = sorted(set(numbers.values()))
    if machine == "x86_64":
        refused += [number | X32_BIT for number in (*refused, clone)]
    steps = [
        (LOAD_WORD, 0, 0, ARCH_AT),
        (JUMP_EQUAL, 1, 0, arch),
        (RETURN, 0, 0, RET_KILL),
        (LOAD_WORD, 0, 0, NUMBER_AT),
        (JUMP_EQUAL, 0, 1, CLONE3),
        (RETURN, 0, 0, RET_ERRNO | ENOSYS),
        (JUMP_EQUAL, 0, 2, clone),
        (LOAD_WORD, 0, 0, ARGUMENT_AT),
        (JUMP_SET, len(refused), len(refused) + 1, CLONE_THREAD),
        *((JUMP_EQUAL, len(refused) - place, 0, one) for place, one in enumerate(refused)),
        (RETURN, 0, 0, RET_ALLOW),
        (RETURN, 0, 0, RET_ERRNO | EPERM),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
