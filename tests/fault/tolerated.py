# SPDX-License-Identifier: MIT
"""Calls that may fail without anybody's taking notice, and why nothing is lost by it."""
import re

# (role, text of the call as a regular expression, errors or None for all, reason)
IGNORED = [
]

# The same, where the program then finds something else than it would have: less, never more.
DIFFERENT = [
]


def _matches(table, call, error):
    return any(call.role == role and re.search(text, call.text) and (errors is None or error in errors)
               for role, text, errors, _ in table)


def ignored(call, error):
    return _matches(IGNORED, call, error) or _matches(DIFFERENT, call, error)


def differs(call, error):
    return _matches(DIFFERENT, call, error)


def library_ends(calls):
    """The C library's own start, before main: it ends the process by itself, with a status of its own."""
    return max((call.n for call in calls if call.role == "launcher" and call.name == "mprotect"), default=0)


def in_c_library(call, end):
    return call.role == "launcher" and call.n <= end
