#!/usr/bin/env bash
# docs_site.sh: the documentation as a site in build/site/html, by mkdocs-material; a broken link or any other warning fails. Exit code 77,
# and a line that says so, where SEMID_MKDOCS (default: mkdocs) is not there or lacks the theme.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
mkdocs=${SEMID_MKDOCS:-mkdocs}
command -v "$mkdocs" >/dev/null || {
    echo "docs site: SKIPPED: no $mkdocs; python3 -m venv env && env/bin/pip install mkdocs-material, then SEMID_MKDOCS=env/bin/mkdocs"
    exit 77
}
# Pages keep their places beside what they link to, so that a link is right in the tree and on the site.
rm -rf build/site
mkdir -p build/site/source
cp -r docs examples include CHANGELOG.md SECURITY.md LICENSE build/site/source/
cp README.md build/site/source/index.md
for folder in web tests scripts bench src cli serve python; do # what pages name beyond these, as it is
    { grep -rhoE "\]\((\.\./)*$folder/[^)#]*" docs README.md || true; } | sed -E 's/.*\((\.\.\/)*//' | sort -u | while read -r file; do
        [ -f "$file" ] || continue
        mkdir -p "build/site/source/${file%/*}"
        cp "$file" "build/site/source/$file"
    done
done
# What the runner of blocks reads behind a fence's language is none of Markdown's.
find build/site/source -name '*.md' -exec sed -E -i 's/^```([a-z]+) .*$/```\1/' {} +
"$mkdocs" build --strict --quiet --config-file docs/mkdocs.yml 2>build/site/log || {
    grep -v '^ *$' build/site/log
    echo "docs site: failed"
    exit 1
}
if grep -rlE '```(sh|text|python)' build/site/html --include='*.html'; then
    echo "docs site: failed: fences that became no blocks stand in these"
    exit 1
fi
pages=$(find build/site/html -name '*.html' | wc -l)
echo "docs site: build/site/html/index.html, $pages pages, no warnings"
