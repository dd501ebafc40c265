#!/usr/bin/env bash
# Starts a real single-node OpenSearch on 127.0.0.1 with TLS and basic auth (OPENSEARCH_SECURITY=0: plain HTTP, no auth).
# fetch.sh puts the jars into CACHE_DIR once; running it again while the node is up only prints the URL. Stop: kill $(cat PIDFILE)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${CACHE_DIR:-./.cache}/opensearch-2.19.1
run=${OPENSEARCH_RUN_DIR:-./.run/opensearch}     # data, config, logs, certificates, pid file
port=${OPENSEARCH_PORT:-9201}                     # 9201 to 9299: the runner's command line takes no other
security=${OPENSEARCH_SECURITY:-1}
admin_password=${OPENSEARCH_ADMIN_PASSWORD:-admin}
extra_yml=${OPENSEARCH_EXTRA_YML:-}               # further opensearch.yml lines, e.g. indexing_pressure.memory.limit: 4kb
mkdir -p "$cache" "$run/config"
cache=$(cd "$cache" && pwd)
run=$(cd "$run" && pwd)
pidfile=$run/pid

if [ "$security" = 1 ]; then
  url=https://127.0.0.1:$port
  probe() { curl -fsS -m 5 -o /dev/null --cacert "$run/config/ca.pem" -u "admin:$admin_password" "$url/$1" 2>/dev/null; }
else
  url=http://127.0.0.1:$port
  probe() { curl -fsS -m 5 -o /dev/null "$url/$1" 2>/dev/null; }
fi

if [ -f "$pidfile" ] && kill -0 "$(cat "$pidfile")" 2>/dev/null && probe _cluster/health; then
  echo "$url"
  exit 0
fi
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
  # The runner would quietly take the next free port.
  echo "port $port is already in use" >&2
  exit 1
fi

bash "$here/fetch.sh"

classpath="$cache/lib/*"
plugins=()
cat > "$run/config/opensearch.yml" <<YML
network.host: 127.0.0.1
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
YML
if [ "$security" = 1 ]; then
  classpath="$cache/lib/*:$cache/security/*"
  plugins=(-pluginTypes org.opensearch.security.OpenSearchSecurityPlugin)
  (cd "$here/../../.." && "${PYTHON:-.venv/bin/python}" -m tests.certificates "$run/config")
  mkdir -p "$run/config/opensearch-security"
  cp "$cache"/security/config/*.yml "$run/config/opensearch-security/"
  hash=$(java -cp "$classpath" org.opensearch.security.tools.Hasher -p "$admin_password" 2>/dev/null | tail -1)
  # One administrator in place of the plugin's demo users; tests add their own by the security REST API.
  printf '_meta: {type: internalusers, config_version: 2}\nadmin: {hash: "%s", reserved: false, backend_roles: [admin]}\n' \
    "$hash" > "$run/config/opensearch-security/internal_users.yml"
  cat >> "$run/config/opensearch.yml" <<YML
plugins.security.ssl.transport.pemcert_filepath: server.pem
plugins.security.ssl.transport.pemkey_filepath: server.key
plugins.security.ssl.transport.pemtrustedcas_filepath: ca.pem
plugins.security.ssl.transport.enforce_hostname_verification: false
plugins.security.ssl.http.enabled: true
plugins.security.ssl.http.pemcert_filepath: server.pem
plugins.security.ssl.http.pemkey_filepath: server.key
plugins.security.ssl.http.pemtrustedcas_filepath: ca.pem
plugins.security.nodes_dn: ["CN=localhost"]
plugins.security.allow_default_init_securityindex: true
plugins.security.restapi.roles_enabled: ["all_access"]
plugins.security.audit.type: noop
YML
fi

printf '%s\n' "$extra_yml" >> "$run/config/opensearch.yml"

nohup java -Xms512m -Xmx512m -XX:+UseSerialGC -cp "$classpath" org.codelibs.opensearch.runner.OpenSearchRunner \
  -basePath "$run" -confPath "$run/config" -numOfNode 1 -baseHttpPort $((port - 1)) -clusterName test \
  -useLogger ${plugins[@]+"${plugins[@]}"} > "$run/stdout.log" 2>&1 < /dev/null &
pid=$!
echo "$pid" > "$pidfile"
for _ in $(seq 1 240); do
  if probe '_cluster/health?wait_for_status=yellow&timeout=1s'; then
    echo "$url"
    exit 0
  fi
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.5
done
tail -30 "$run/stdout.log" >&2
echo "OpenSearch did not become healthy" >&2
kill "$pid" 2>/dev/null || true
exit 1
