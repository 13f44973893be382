#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Answers to `commit --interactive` and `discard --interactive`.

    choose.py COMMAND... -- QUESTION=ANSWER...

Each QUESTION is a part of what is shown of the change; behind it come letters, one a line. No other question may come.
"""

import re
import sys

from term import Term, main


def choose(*words):
    at = words.index("--")
    t = Term(*words[:at])
    for word in words[at + 1:]:
        question, answers = word.rsplit("=", 1)
        t.expect(re.escape(question))
        for answer in answers:
            t.expect(r"this \[y,n,d,a,q,\?\]\? ")
            t.line(answer)
    print(t.wait())
    t.refuse("Traceback")
    return t


if __name__ == "__main__":
    sys.argv.insert(1, "choose")
    sys.exit(main(globals()))
