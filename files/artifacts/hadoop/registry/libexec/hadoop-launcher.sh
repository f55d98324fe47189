# shellcheck shell=bash
# What bin/hadoop, bin/hdfs and bin/yarn share: the environment variables, options
# and classpath of the release's scripts. Each names its subcommands' classes and
# its daemons' option variables, then calls hadoop_launch.
# There is no --daemon: systemd does that.
set -euo pipefail

# The subcommands that all three have.
declare -A hadoop_common_classes=(
  [daemonlog]=org.apache.hadoop.log.LogLevel
  [jar]=org.apache.hadoop.util.RunJar
  [version]=org.apache.hadoop.util.VersionInfo
)

hadoop_fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# Appends entries to the classpath, each once.
hadoop_add_classpath() {
  local entry
  for entry in "$@"; do
    [[ ":$hadoop_classpath:" == *":$entry:"* ]] || hadoop_classpath+="${hadoop_classpath:+:}$entry"
  done
}

hadoop_set_classpath() {
  local share=$HADOOP_HOME/share/hadoop user=() module
  hadoop_classpath=
  IFS=: read -r -a user <<<"${HADOOP_CLASSPATH:-}"
  hadoop_add_classpath "$HADOOP_CONF_DIR"
  [[ -z ${HADOOP_USER_CLASSPATH_FIRST:-} ]] || hadoop_add_classpath "${user[@]}"
  hadoop_add_classpath "$share/common/lib/*" "$share/common/*"
  # The folders themselves too: hdfs/ has webapps/ in it.
  for module in hdfs mapreduce yarn; do
    hadoop_add_classpath "$share/$module" "$share/$module/lib/*" "$share/$module/*"
  done
  hadoop_add_classpath "${user[@]}"
}

# The options before the subcommand, then the environment.
# Sets hadoop_arguments to what follows them.
hadoop_set_environment() {
  # The version's own folder: a switched symlink never mixes two versions in one JVM.
  HADOOP_HOME=$(cd -P "${HADOOP_HOME:-$(dirname "${BASH_SOURCE[0]}")/..}" && pwd)
  while [[ $# -gt 0 ]]; do
    case $1 in
      --config) HADOOP_CONF_DIR=${2:?--config needs a folder}; shift 2 ;;
      --loglevel) HADOOP_ROOT_LOGGER=${2:?--loglevel needs a level},console; shift 2 ;;
      --daemon) hadoop_fail "--daemon is not supported, let systemd start it" ;;
      *) break ;;
    esac
  done
  hadoop_arguments=("$@")
  export HADOOP_HOME
  export HADOOP_CONF_DIR=${HADOOP_CONF_DIR:-$HADOOP_HOME/etc/hadoop}
  if [[ -f $HADOOP_CONF_DIR/hadoop-env.sh ]]; then
    # An operator's script need not be written for -u.
    set +u
    # shellcheck source=/dev/null
    . "$HADOOP_CONF_DIR/hadoop-env.sh"
    set -u
  fi
  # What a container's default classpath is made of.
  export HADOOP_COMMON_HOME=${HADOOP_COMMON_HOME:-$HADOOP_HOME}
  export HADOOP_HDFS_HOME=${HADOOP_HDFS_HOME:-$HADOOP_HOME}
  export HADOOP_MAPRED_HOME=${HADOOP_MAPRED_HOME:-$HADOOP_HOME}
  export HADOOP_YARN_HOME=${HADOOP_YARN_HOME:-$HADOOP_HOME}
  hadoop_set_classpath
}

# A size of the heap: a bare number is megabytes.
hadoop_heap() {
  if [[ $2 =~ ^[0-9]+$ ]]; then echo "$1$2m"; else echo "$1$2"; fi
}

# hadoop_run CLASS OPTIONS_VARIABLE LOG_NAME [ARGUMENT...]
hadoop_run() {
  local class=$1 variable=$2 log_name=$3 own options
  local log_dir=${HADOOP_LOG_DIR:-$HADOOP_HOME/logs} root_logger=${HADOOP_ROOT_LOGGER:-INFO,console}
  local log_file=${HADOOP_LOGFILE:-hadoop-$log_name.log}
  shift 3
  [[ -x ${JAVA_HOME:-}/bin/java ]] || hadoop_fail "JAVA_HOME is not set to a JDK (set it in hadoop-env.sh)"
  own=${!variable:-}
  # Each variable is a list of options, parted by blanks; read ends with 1 where no NUL comes.
  read -r -d '' -a options <<<"-Djava.net.preferIPv4Stack=true ${HADOOP_OPTS:-} $own" || true
  # As in the release: no heap given beside one that the options give.
  if [[ -n ${HADOOP_HEAPSIZE_MAX:-} && " ${options[*]}" != *" -Xmx"* ]]; then
    options+=("$(hadoop_heap -Xmx "$HADOOP_HEAPSIZE_MAX")")
  fi
  if [[ -n ${HADOOP_HEAPSIZE_MIN:-} && " ${options[*]}" != *" -Xms"* ]]; then
    options+=("$(hadoop_heap -Xms "$HADOOP_HEAPSIZE_MIN")")
  fi
  options+=(
    "-Dhadoop.home.dir=$HADOOP_HOME" "-Dhadoop.id.str=${HADOOP_IDENT_STRING:-${USER:-hadoop}}"
    "-Dhadoop.root.logger=$root_logger" "-Dhadoop.log.dir=$log_dir" "-Dhadoop.log.file=$log_file"
    "-Dyarn.home.dir=$HADOOP_YARN_HOME" "-Dyarn.root.logger=$root_logger"
    "-Dyarn.log.dir=$log_dir" "-Dyarn.log.file=$log_file"
    -Dhadoop.policy.file=hadoop-policy.xml
    "-Dhadoop.security.logger=${HADOOP_SECURITY_LOGGER:-INFO,NullAppender}"
  )
  export CLASSPATH=$hadoop_classpath
  exec "$JAVA_HOME/bin/java" "${options[@]}" "$class" "$@"
}

# The caller's tables: classes (subcommand to class), daemons (subcommand to the
# variable with its options).
hadoop_launch() {
  local command class
  hadoop_set_environment "$@"
  set -- "${hadoop_arguments[@]}"
  command=${1:-}
  [[ $# -eq 0 ]] || shift
  class=${classes[${command:-none}]:-${hadoop_common_classes[${command:-none}]:-}}
  case $command in
    '' | help | -help | --help | -h)
      echo "Usage: ${0##*/} [--config DIR] [--loglevel LEVEL] SUBCOMMAND [ARGUMENT...]"
      printf '%s\n' classpath "${!classes[@]}" "${!hadoop_common_classes[@]}" | sort | sed 's/^/  /'
      exit ;;
    classpath)
      if [[ $# -eq 0 ]]; then
        echo "$hadoop_classpath"
        exit
      fi
      class=org.apache.hadoop.util.Classpath ;;
    # One class serves these: it wants to be told which.
    app | application | applicationattempt | container) set -- "$command" "$@" ;;
  esac
  # As in the release, a class may stand for a subcommand.
  [[ -n $class || $command != *.* ]] || class=$command
  [[ -n $class ]] || hadoop_fail "$command is not a subcommand of this tree; see ${0##*/} --help"
  hadoop_run "$class" "${daemons[$command]:-HADOOP_CLIENT_OPTS}" "$command" "$@"
}
