# web_parts.cmake: joins the modules of web/ to one script and puts it, with the style sheet, into a C file; runs at build
# time as  cmake -DTREE=web -DOUT=web_parts.c -P web_parts.cmake. Needs nothing but CMake.
#
# A module's imports stand on one line each and its exports before the name; joined, both go, so names at the top of a
# module are unique in web/. MODULES is the order: who is used stands before who uses.
set(MODULES dom.js figures.js source.js charts.js checks.js head.js levels.js buckets.js scatter.js purity.js cells.js tree.js added.js page.js)

function(array_of file name out)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................)" "\\1\n"
        bytes "${bytes}")
    set(${out} "const unsigned char ${name}[] = {\n${bytes}0};\nconst size_t ${name}_size = sizeof ${name} - 1;\n"
        PARENT_SCOPE)
endfunction()

set(script "(() => {\n'use strict';\n")
foreach(module ${MODULES})
    file(READ ${TREE}/${module} text)
    string(REGEX REPLACE "(^|\n)import [^\n]*" "\\1" text "${text}")
    string(REGEX REPLACE "(^|\n)export " "\\1" text "${text}")
    string(APPEND script "${text}")
endforeach()
string(APPEND script "})();\n")
file(WRITE ${OUT}.js "${script}")

array_of(${OUT}.js sid__web_script script_array)
array_of(${TREE}/style.css sid__web_style style_array)
file(WRITE ${OUT} "/* Made by cmake/web_parts.cmake of web/. */\n#include \"report/web_parts.h\"\n\n"
    "${style_array}\n${script_array}")
