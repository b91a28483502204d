"""Runs a command on a pseudo-terminal of its own: driver.py COLUMNS ROWS COMMAND ARGS...

What the command writes goes to stdout as it is. Lines on stdin: `size COLUMNS ROWS` makes the terminal
another size, `type TEXT` types a JSON string. The last line on stderr is the command's exit code.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios


def set_size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    columns, rows, *command = sys.argv[1:]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    set_size(terminal, int(columns), int(rows))
    os.kill(pid, signal.SIGWINCH)
    inputs, rest = [terminal, sys.stdin.fileno()], b""
    while terminal in inputs:
        ready, _, _ = select.select(inputs, [], [])
        if terminal in ready:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                data = b""
            if not data:
                inputs.remove(terminal)
            else:
                os.write(1, data)
        if sys.stdin.fileno() in ready:
            data = os.read(sys.stdin.fileno(), 65536)
            if not data:
                inputs.remove(sys.stdin.fileno())
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                word, _, argument = line.decode().partition(" ")
                if word == "size":
                    set_size(terminal, *map(int, argument.split()))
                    os.kill(pid, signal.SIGWINCH)
                elif word == "type":
                    os.write(terminal, json.loads(argument).encode())
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    print(code, file=sys.stderr)


main()
