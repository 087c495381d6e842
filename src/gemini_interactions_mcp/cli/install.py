"""The `install` command: writes this server into a host's configuration, and takes it out again."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gemini_interactions_mcp.core import ConfigurationError, GeminiMCPError, InputError, make_printable, phrases
from gemini_interactions_mcp.settings import Settings, find_unknown_variables

from .hosts.commands import choose_command, describe_running
from .hosts.formats import parse_config
from .hosts.launches import HostState, choose_config_path, is_installed_host, read_config_text, read_host
from .hosts.machine import Machine, find_machine
from .hosts.planning import ConfigPlan, describe_diff, find_hidden, parse_given, plan_install, plan_undo
from .hosts.table import HOST_SPECS, HostSpec
from .hosts.writing import (
    InstallRecord,
    encode_config,
    forget_record,
    get_copy_path,
    hash_bytes,
    keep_record,
    read_bytes,
    read_record,
    write_config,
)
from .spelling import describe_unknown_variable

NO_TERMINAL: Final = "Nothing was written: stdin is not a terminal to ask on. Use --yes to write without asking.\n"


def run_install(host_id: str | None, given: Sequence[str], *, undoes: bool, agreed: bool, dry: bool) -> int:
    """Change a host's configuration, or list the hosts, and return the exit status."""
    machine = find_machine()
    if host_id is None:
        return list_hosts(machine)
    host = next(each for each in HOST_SPECS if each.id == host_id)
    try:
        installer = Installer(host, machine, agreed=agreed, dry=dry)
        return installer.undo() if undoes else installer.install(check_given(given, machine))
    except GeminiMCPError as exc:
        sys.stderr.write(f"gemini-interactions-mcp: {exc}\n")
        return 1


def list_hosts(machine: Machine) -> int:
    """Print the hosts on this machine and whether they have this server, and return the exit status."""
    found = [read_host(host, machine) for host in HOST_SPECS if is_installed_host(host, machine, shutil.which)]
    for state in found:
        print(f"{state.host.id:<15} {describe_host_state(state):<22} {machine.shorten(state.path)}")
    others = ", ".join(host.id for host in HOST_SPECS if host not in [state.host for state in found])
    if others:
        print(f"{'Not found' if found else 'No host was found'}: {others}")
    print("\n`gemini-interactions-mcp install HOST` shows what it would write, and asks.")
    return 0


def describe_host_state(state: HostState) -> str:
    """Return whether a host has this server."""
    if state.problem:
        return "cannot be read"
    named = [(make_printable(launch.name), launch.folder) for launch in state.launches]
    names = ", ".join(f"{name} in this folder alone" if folder else name for name, folder in named)
    others = f"has it in {phrases.format_count(state.elsewhere, 'other folder')} alone" if state.elsewhere else ""
    return f"has it as {names}" if names else others or "does not have it"


def describe_local(state: HostState) -> str:
    """Return for which single folders a host has this server; `install` writes none of them."""
    names = [make_printable(launch.name) for launch in state.launches if launch.folder]
    if not names and not state.elsewhere:
        return ""
    here = f"this folder (as {', '.join(names)})" if names else ""
    others = phrases.format_count(state.elsewhere, "other folder") if state.elsewhere else ""
    folders = " and ".join(filter(None, (here, others)))
    return f"\n{state.host.title} also has it for {folders} alone: that stays, and goes before one of the same name."


def check_given(texts: Sequence[str], machine: Machine) -> dict[str, str]:
    """Return the variables that the user has named.

    Raises:
        InputError: One is misspelled.
        ConfigurationError: One has a value that its setting does not take.
    """
    given = parse_given(texts)
    for name in find_unknown_variables(given):
        found = describe_unknown_variable(name)
        if found.misspelled:
            raise InputError(f"{found.text}.")
    if findings := Settings.from_environ({"HOME": str(machine.home), **given}, machine.cwd).findings:
        raise ConfigurationError(" ".join(findings))
    return given


class Installer:
    """Changes the configuration of a host."""

    def __init__(self, host: HostSpec, machine: Machine, *, agreed: bool, dry: bool) -> None:
        self._host = host
        self._machine = machine
        self._agreed = agreed
        self._dry = dry

    def install(self, given: dict[str, str]) -> int:
        """Write this server into the configuration, and return the exit status.

        Raises:
            GeminiMCPError: The configuration cannot be read, changed or written.
        """
        path = choose_config_path(self._host, self._machine)
        before = read_bytes(path)
        command = choose_command(describe_running(), self._machine.environ)
        try:
            plan = plan_install(self._host, self._machine, read_config_text(path), command, given)
        except InputError as exc:
            raise InputError(f"{path} was not changed: {exc}") from exc
        if plan.after == plan.before:
            print(f"{self._shorten(path)} already starts this server as `{plan.name}`; nothing was written.")
            return 0
        local = describe_local(read_host(self._host, self._machine))
        status = self._confirm(path, plan.diff, f"{plan.note}{local}")
        if status is not None:
            return status
        self._write(path, before, plan)
        return 0

    def _write(self, path: Path, before: bytes | None, plan: ConfigPlan) -> None:
        after = encode_config(plan.after, before)
        record, copy = self._make_record(path, before, after, plan)
        keep_record(self._host.id, record, copy)
        write_config(path, before, after)
        undo = f"gemini-interactions-mcp install {self._host.id} --undo"
        kept = f" What was there is kept in {self._shorten(get_copy_path(self._host.id))}." if before else ""
        print(f"Written.{kept} `{undo}` takes it back. Restart {self._host.title}.")

    def _make_record(
        self, path: Path, before: bytes | None, after: bytes, plan: ConfigPlan
    ) -> tuple[InstallRecord, bytes | None]:
        """Return what to keep, and the copy; None where the copy of an earlier change holds."""
        earlier = read_record(self._host.id)
        if earlier is None or earlier.path != str(path):
            fresh = InstallRecord(str(path), plan.name, before is not None, hash_bytes(after), plan.previous)
            return fresh, before or b""
        unbroken = before is not None and hash_bytes(before) == earlier.after
        whole = earlier.whole and unbroken
        again = InstallRecord(str(path), plan.name, earlier.existed, hash_bytes(after), earlier.previous, whole)
        return again, None if whole else before or b""

    def undo(self) -> int:
        """Take this server out of the configuration, and return the exit status.

        Raises:
            GeminiMCPError: The configuration cannot be read, changed or written.
        """
        record = read_record(self._host.id)
        if record is None:
            path = self._shorten(choose_config_path(self._host, self._machine))
            sys.stderr.write(f"gemini-interactions-mcp: There is nothing to undo: `install` has not changed {path}.\n")
            return 1
        path = Path(record.path)
        before = read_bytes(path)
        after, diff = self._plan_undo(record, path, before)
        if after != before:
            status = self._confirm(path, diff, "")
            if status is not None:
                return status
            write_config(path, before, after)
        if not self._dry:
            forget_record(self._host.id)
        print("Undone." if after != before else f"{self._shorten(path)} no longer has it; nothing was written.")
        return 0

    def _plan_undo(self, record: InstallRecord, path: Path, before: bytes | None) -> tuple[bytes | None, str]:
        """Return what the configuration should hold, None for no file, and the difference."""
        text = read_config_text(path)
        if before is not None and record.whole and hash_bytes(before) == record.after:
            copy = read_bytes(get_copy_path(self._host.id)) if record.existed else None
            if copy is not None or not record.existed:
                return copy, self._compare(text, copy)
        try:
            plan = plan_undo(self._host, self._machine, text, record.name, record.previous)
        except InputError as exc:
            raise InputError(f"{path} was not changed: {exc}") from exc
        return (before if plan.after == plan.before else encode_config(plan.after, before)), plan.diff

    def _compare(self, text: str, copy: bytes | None) -> str:
        hidden = set(find_hidden(parse_config(self._host.format, text)))
        return describe_diff(text, (copy or b"").decode("utf-8-sig"), hidden, self._machine)

    def _confirm(self, path: Path, diff: str, note: str) -> int | None:
        """Show a change and ask for it; return the exit status if it is not wanted."""
        print(self._shorten(path))
        print(diff)
        if note:
            print(f"\n{note}")
        if self._dry:
            print("\nNothing was written, because of --dry-run.")
            return 0
        if self._agreed:
            return None
        sys.stdout.flush()
        if not sys.stdin.isatty():
            sys.stderr.write(NO_TERMINAL)
            return 2
        if ask_to_write():
            return None
        sys.stderr.write("Nothing was written.\n")
        return 1

    def _shorten(self, path: Path) -> str:
        return self._machine.shorten(path)


def ask_to_write() -> bool:
    """Ask the user; anything but a yes is a no, also Ctrl-C."""
    sys.stderr.write("\nWrite it? [y/N] ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return False
