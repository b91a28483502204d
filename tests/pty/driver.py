"""Runs a program in a pseudo terminal.

usage: driver.py COLUMNS ROWS PROGRAM [ARGUMENT ...]

What the program shows comes raw on stdout. Commands are read from stdin, a JSON object a line:
{"resize": [columns, rows]}, {"type": "text"}, {"signal": number}; with its end the program is killed.
When the program has ended one JSON object goes to stderr: its exit code (negative: the signal that
ended it), and whether the terminal still echoes and takes whole lines.
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


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def start(slave, command):
    child = os.fork()
    if child == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        os.closerange(3, 64)
        os.execvp(command[0], command)
    return child


class Driver:
    def __init__(self, columns, rows, command):
        # The slave stays open here: the size stands before the program asks for it, and the
        # settings can be asked for when it has ended.
        self.terminal, self.slave = pty.openpty()
        resize(self.terminal, columns, rows)
        self.child = start(self.slave, command)
        self.sources = [self.terminal, 0]
        self.commands = b""

    def run(self):
        while True:
            ended, status = os.waitpid(self.child, os.WNOHANG)
            while self.copy(0 if ended else 0.02):
                pass
            if ended:
                return os.waitstatus_to_exitcode(status)

    def copy(self, seconds):
        ready, _, _ = select.select(self.sources, [], [], seconds)
        if 0 in ready:
            self.obey()
        if self.terminal in ready:
            rest = os.read(self.terminal, 65536)
            while rest:
                rest = rest[os.write(1, rest):]
        return self.terminal in ready

    def obey(self):
        data = os.read(0, 65536)
        if not data:
            self.sources.remove(0)
            os.kill(self.child, signal.SIGKILL)
        *lines, self.commands = (self.commands + data).split(b"\n")
        for line in lines:
            command = json.loads(line)
            if "resize" in command:
                resize(self.terminal, *command["resize"])
            if "type" in command:
                os.write(self.terminal, command["type"].encode())
            if "signal" in command:
                os.kill(self.child, command["signal"])


if __name__ == "__main__":
    driver = Driver(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
    code = driver.run()
    flags = termios.tcgetattr(driver.slave)[3]
    end = {"code": code, "echo": bool(flags & termios.ECHO), "lines": bool(flags & termios.ICANON)}
    print(json.dumps(end), file=sys.stderr)
