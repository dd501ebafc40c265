#!/usr/bin/env bash
# Fetches OpenSearch's jars and those of its security plugin into CACHE_DIR, once (about 25 s).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${CACHE_DIR:-./.cache}/opensearch-2.19.1
if [ ! -f "$cache/.done" ]; then
  rm -rf "$cache/lib" "$cache/security"
  mkdir -p "$cache"
  cache=$(cd "$cache" && pwd)
  mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DexcludeTypes=zip -DoutputDirectory="$cache/lib" >&2
  mvn -q -B -f "$here/pom.xml" dependency:unpack-dependencies -DincludeTypes=zip -DoutputDirectory="$cache/security" \
      -DmarkersDirectory="$cache/markers" >&2
  touch "$cache/.done"
fi
