#!/usr/bin/env bash
set -euo pipefail

if [[ $# -eq 0 ]]; then
  echo "Usage: $0 server.properties [--override property=value]*" >&2
  exit 1
fi
bin=$(cd -P "$(dirname "$0")" && pwd)
export KAFKA_LOG4J_OPTS=${KAFKA_LOG4J_OPTS:--Dlog4j.configuration=file:$bin/../config/log4j.properties}
export KAFKA_HEAP_OPTS=${KAFKA_HEAP_OPTS:--Xmx1G -Xms1G}

# A list, parted by blanks; read ends with 1 where no NUL comes.
read -r -d '' -a extra <<<"${EXTRA_ARGS--name kafkaServer -loggc}" || true
exec "$bin/kafka-run-class.sh" "${extra[@]}" kafka.Kafka "$@"
