#!/usr/bin/env bash
# Runs a class of Kafka's, with the environment variables and options of the
# release's script of this name. There is no -daemon: systemd does that.
set -euo pipefail

# The version's own folder: a switched symlink never mixes two versions in one JVM.
base_dir=$(cd -P "$(dirname "$0")/.." && pwd)
name=kafka
gc_log=false

while [[ $# -gt 0 ]]; do
  case $1 in
    -name) name=$2; shift 2 ;;
    -loggc) gc_log=true; shift ;;
    -daemon) echo "$0: -daemon is not supported, let systemd start it" >&2; exit 1 ;;
    *) break ;;
  esac
done
if [[ $# -eq 0 ]]; then
  echo "Usage: $0 [-name servicename] [-loggc] classname [opts]" >&2
  exit 1
fi

log_dir=${LOG_DIR:-$base_dir/logs}
if [[ -n ${KAFKA_LOG4J_OPTS:-} ]]; then
  mkdir -p "$log_dir"
else
  KAFKA_LOG4J_OPTS="-Dlog4j.configuration=file:$base_dir/config/tools-log4j.properties"
fi
if [[ $gc_log == true && -z ${KAFKA_GC_LOG_OPTS:-} ]]; then
  KAFKA_GC_LOG_OPTS="-Xlog:gc*:file=$log_dir/$name-gc.log:time,tags:filecount=10,filesize=100M"
fi
if [[ -z ${KAFKA_JMX_OPTS:-} && -n ${JMX_PORT:-} ]]; then
  KAFKA_JMX_OPTS="-Dcom.sun.management.jmxremote=true -Dcom.sun.management.jmxremote.authenticate=false"
  KAFKA_JMX_OPTS+=" -Dcom.sun.management.jmxremote.ssl=false -Dcom.sun.management.jmxremote.port=$JMX_PORT"
fi
performance="-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35"
performance+=" -XX:+ExplicitGCInvokesConcurrent -XX:MaxInlineLevel=15 -Djava.awt.headless=true"

# Each variable is a list of options, parted by blanks; read ends with 1 where no NUL comes.
read -r -d '' -a options <<<"${KAFKA_HEAP_OPTS:--Xmx256M} ${KAFKA_JVM_PERFORMANCE_OPTS:-$performance} \
  ${KAFKA_GC_LOG_OPTS:-} ${KAFKA_JMX_OPTS:-} -Dkafka.logs.dir=$log_dir $KAFKA_LOG4J_OPTS" || true
read -r -d '' -a last_options <<<"${KAFKA_OPTS:-}" || true

exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" "${options[@]}" \
  -cp "${CLASSPATH:+$CLASSPATH:}$base_dir/libs/*" "${last_options[@]}" "$@"
