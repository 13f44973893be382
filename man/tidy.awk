# SPDX-License-Identifier: MIT
#
# scdoc writes a paragraph mark after each heading and around each indented block, where it means nothing; mandoc's lint
# complains about each. This takes those away: a mark stays only between two pieces of text.
/^\.P$/ { mark = 1; next }
mark && !/^\.(SH|SS|RE|TH)/ && !after_heading { print ".P" }
{ mark = 0; after_heading = /^\.(SH|SS|TH|RS|RE|P)/; print }
