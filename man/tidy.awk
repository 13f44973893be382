# SPDX-License-Identifier: MIT
#
# scdoc writes a paragraph mark after each heading, where it means nothing, and before the end of each indented block,
# where mandoc's lint complains that it is empty. This takes the first away and puts the second behind the block.
# Our own files are where they are installed.
BEGIN { if (!share) { share = "/usr/local/share"; libexec = "/usr/local/libexec" } }
{ gsub("/usr/local/share/sandbox/", share "/sandbox/"); gsub("/usr/local/libexec/sandbox/", libexec "/sandbox/") }
/^\.P$/ { mark = 1; next }
/^\.RE$/ { heading = 0; print; next }
mark && !heading && !/^\.(SH|SS)/ { print ".P" }
{ mark = 0; heading = /^\.(SH|SS|TH|RS)/; print }
