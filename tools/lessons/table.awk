# Make a table in C of the lessons' texts and programs, which are named in pairs:
# 01-one-send.md 01-one-send.c 02-….  See tools/lesson.h.
#
# SPDX-License-Identifier: MIT

# Joined anew, since awks differ in how many backslashes gsub wants.
function with(s, what, instead,    part, n, i, r) {
	n = split(s, part, what)
	r = part[1]
	for (i = 2; i <= n; i++)
		r = r instead part[i]
	return r
}

function quoted(s) {
	gsub(/\\/, "&&", s)
	return "\"" with(with(s, "\"", "\\\""), "\t", "\\t") "\""
}

NR == 1 {
	print "#include <stddef.h>\n#include \"lesson.h\""
}

FNR == 1 {
	if (NR > 1)
		print "\tNULL,\n};"
	text = FILENAME ~ /\.md$/
	name = FILENAME
	sub(/.*\//, "", name)
	n = name + 0
	printf "static const char *const %s_%d[] = {\n",
	    text ? "text" : "source", n
}

FNR == 1 && text {
	number[++lessons] = n
	sub(/^[0-9]*-/, "", name)
	sub(/\.md$/, "", name)
	names[n] = name
	titles[n] = $0
	sub(/^# [0-9]*\. /, "", titles[n])
}

{ print "\t" quoted($0) "," }

END {
	print "\tNULL,\n};"
	for (i = 1; i <= lessons; i++)
		printf "int lesson_%02d_main(int argc, char **argv);\n",
		    number[i]
	print "const struct lesson lessons[LESSONS] = {"
	for (i = 1; i <= lessons; i++) {
		n = number[i]
		printf "\t[%d] = { %s, %s, text_%d, source_%d, lesson_%02d_main },\n",
		    n - 1, quoted(names[n]), quoted(titles[n]), n, n, n
	}
	print "};"
}
