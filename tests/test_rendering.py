"""Every file of every host for clusters of several sizes, made without hosts, compared in what must hold."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from clusters import HADOOP, Cluster, RenderedCluster
from formats import inside, nginx, properties
from reference import PROJECT
from rendering import ROOT, Deployment

if TYPE_CHECKING:
    from pathlib import Path


AGENT = f"{PROJECT}/flume/nginx-hdfs.conf"
RULES = "/etc/log-analysis-firewall.nft"

SIZES = {
    "6": Cluster(),
    "12": Cluster(webs=3, workers=7, brokers=5),
    "60": Cluster(webs=20, workers=38, brokers=9, controllers=5),
    "1 broker": Cluster(workers=1, brokers=1, controllers=1),
    "2 brokers": Cluster(workers=2, brokers=2, controllers=1),
}


@pytest.fixture(scope="module", params=SIZES)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RenderedCluster:
    """Return a cluster of each size."""
    return RenderedCluster(SIZES[request.param], tmp_path_factory.mktemp("inventory"))


def test_all_hosts_of_that_size_are_rendered(cluster: RenderedCluster, request: pytest.FixtureRequest) -> None:
    size = request.node.callspec.params["cluster"]
    assert not size.isdecimal() or len(cluster.deployment.hosts) == int(size)
    assert set(cluster.deployment.hosts) == set(cluster.groups["all"])


def test_nothing_is_left_to_be_rendered(cluster: RenderedCluster) -> None:
    marks = re.compile(r"\{\{|\{%|Undefined")
    written = [(host, path) for host, files in cluster.files.items() for path in files if not path.endswith(".py")]
    assert [place for place in written if marks.search(cluster.text(*place))] == []


def test_every_node_of_kafka_knows_the_same_quorum(cluster: RenderedCluster) -> None:
    ids = {host: node["node.id"] for host, node in cluster.nodes.items()}
    voters = ",".join(f"{ids[host]}@{host}:9093" for host in cluster.groups["kafka_controllers"])
    assert {node["controller.quorum.voters"] for node in cluster.nodes.values()} == {voters}
    assert len(set(ids.values())) == len(ids) == len(cluster.groups["kafka_brokers"])


def test_every_node_of_kafka_is_what_its_groups_say(cluster: RenderedCluster) -> None:
    for host, node in cluster.nodes.items():
        controller = host in cluster.groups["kafka_controllers"]
        assert node["process.roles"] == ("broker,controller" if controller else "broker")
        assert node["listeners"] == "PLAINTEXT://:9092" + ",CONTROLLER://:9093" * controller
        assert node["advertised.listeners"] == f"PLAINTEXT://{host}:9092"


def test_nothing_has_more_copies_than_there_are_hosts_for_them(cluster: RenderedCluster) -> None:
    for node in cluster.nodes.values():
        for topic in ("offsets.topic", "transaction.state.log"):
            assert node[f"{topic}.replication.factor"] == str(min(3, len(cluster.groups["kafka_brokers"])))
        assert int(node["transaction.state.log.min.isr"]) <= int(node["transaction.state.log.replication.factor"])
    for host in cluster.groups["hadoop"]:
        copies = cluster.site(host, "hdfs-site.xml")["dfs.replication"]
        assert copies == str(min(3, len(cluster.groups["hdfs_datanodes"])))


def test_who_asks_kafka_knows_all_brokers(cluster: RenderedCluster) -> None:
    servers = ",".join(f"{host}:9092" for host in cluster.groups["kafka_brokers"])
    for host in cluster.groups["web_servers"]:
        agent = properties(cluster.text(host, AGENT))
        assert agent["nginx-hdfs-agent.channels.kafka-channel.kafka.bootstrap.servers"] == servers
        assert json.loads(cluster.text(host, f"{PROJECT}/verify/config.json"))["kafka"]["bootstrap_servers"] == servers
        settings = json.loads(cluster.text(cluster.flink, f"{PROJECT}/log_analysis/jobs/{host}-log-analysis.json"))
        assert settings["job"]["bootstrap_servers"] == servers


def test_each_web_host_has_a_way_of_its_own(cluster: RenderedCluster) -> None:
    webs = cluster.groups["web_servers"]
    (topics,) = (
        [call.args["argv"] for call in calls]
        for host in cluster.nodes
        if (calls := cluster.deployment.calls(host, "ansible.builtin.command", task="Create the topics"))
    )
    assert [argv[argv.index("--topic") + 1] for argv in topics] == [f"{host}-nginx-log" for host in webs]
    queries = cluster.deployment.calls("db01", "community.postgresql.postgresql_query", task="Apply the migrations")
    made = "\n".join(call.args["query"] for call in queries)
    started = cluster.deployment.calls(cluster.flink, "ansible.builtin.systemd_service", role="systemd_unit")
    supervisors = [f"log-analysis@{host}-log-analysis.service" for host in webs]
    assert [call.args["name"] for call in started if "log-analysis@" in call.args["name"]] == supervisors
    for host in webs:
        agent = properties(cluster.text(host, AGENT))
        channel = "nginx-hdfs-agent.channels.kafka-channel.kafka"
        assert agent[f"{channel}.topic"] == f"{host}-nginx-log"
        assert agent[f"{channel}.consumer.group.id"] == f"{host}.nginx.log.flume"
        path = agent["nginx-hdfs-agent.sinks.hdfs-sink.hdfs.path"]
        assert path == f"hdfs://hadoop01:9000/flume/{host}/nginx_log/%Y/%m/"
        assert f"CREATE TABLE IF NOT EXISTS {host}_nginx_log_analysis\n" in made
        assert f"CREATE TABLE IF NOT EXISTS {host}_nginx_log_malformed\n" in made
        settings = json.loads(cluster.text(cluster.flink, f"{PROJECT}/log_analysis/jobs/{host}-log-analysis.json"))
        job = settings["job"]
        assert settings["tables"] == [f"{host}_nginx_log_analysis", f"{host}_nginx_log_malformed"]
        assert [job["table"], job["malformed_table"]] == settings["tables"]
        assert (job["host"], job["topic"]) == (host, f"{host}-nginx-log")
        assert job["consumer_group"] == f"{host}.nginx.log.flink"
        verify = json.loads(cluster.text(host, f"{PROJECT}/verify/config.json"))
        assert (verify["kafka"]["topic"], verify["hdfs"]["path"]) == (f"{host}-nginx-log", f"/flume/{host}/nginx_log")
        assert verify["postgresql"]["table"] == f"{host}_nginx_log_analysis"


AWKWARD = {
    "web01.example.com": ("web01.example.com-nginx-log", "web01_example_com_nginx_log_analysis"),
    "Web02": ("Web02-nginx-log", "web02_nginx_log_analysis"),
    "3web": ("3web-nginx-log", "_3web_nginx_log_analysis"),
    "web-04_a": ("web-04_a-nginx-log", "web_04_a_nginx_log_analysis"),
    "w" * 60: (f"{'w' * 60}-nginx-log", f"{'w' * 33}_e0bd8d50_nginx_log_analysis"),
}


def test_web_hosts_may_be_named_as_hosts_are(tmp_path: Path) -> None:
    inventory = yaml.safe_load((ROOT / "inventory/vms/hosts.yml").read_text())
    inventory["cluster"]["hosts"] |= {name: {"host_number": number} for number, name in enumerate(AWKWARD, 1)}
    inventory["web_servers"]["hosts"] = {name: {} for name in AWKWARD}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump(inventory))
    (tmp_path / "group_vars").symlink_to(ROOT / "inventory/vms/group_vars")
    deployment = Deployment(tmp_path)
    jobs = deployment.files("hadoop04")
    for host, (topic, table) in AWKWARD.items():
        files = deployment.files(host)
        agent = properties(files[AGENT].text)
        assert agent["nginx-hdfs-agent.channels.kafka-channel.kafka.topic"] == topic
        verify = json.loads(files[f"{PROJECT}/verify/config.json"].text)
        assert (verify["kafka"]["topic"], verify["postgresql"]["table"]) == (topic, table)
        settings = json.loads(jobs[f"{PROJECT}/log_analysis/jobs/{host}-log-analysis.json"].text)
        assert settings["tables"][0] == table


def test_the_tables_own_numbers_are_the_roles_defaults() -> None:
    """Of what an inventory does not set, the table of services says what it takes."""
    services = Deployment(ROOT / "inventory/vms", playbooks=()).hostvars["db01"]["services"]
    defaults: dict[str, Any] = {}
    for role in ("kafka_kraft", "flume", "hadoop_client"):
        defaults |= yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text())
    assert "-Xmx1G" in defaults["kafka_kraft_heap_opts"].split()
    assert services["kafka"]["memory_mib"] == 1024
    assert defaults["flume_java_opts"] == "-Xmx1g"
    assert services["flume"]["memory_mib"] == 1024
    assert services["nodemanager"]["containers_mib"] == defaults["hadoop_client_nodemanager_memory_mb"]


def test_each_web_server_answers_to_its_own_name(cluster: RenderedCluster) -> None:
    for number, host in enumerate(cluster.groups["web_servers"], 1):
        server = inside(nginx(cluster.text(host, "/etc/nginx/conf.d/comprehensive-case-webapp.conf")), "server")
        assert ["server_name", "localhost", host, f"192.168.122.{number}", "127.0.0.1"] in server


def test_every_host_can_name_every_host(cluster: RenderedCluster) -> None:
    numbers = {host: cluster.deployment.hostvars[host]["host_number"] for host in cluster.deployment.hosts}
    lines = sorted(f"192.168.122.{number} {host}" for host, number in numbers.items())
    for host in cluster.deployment.hosts:
        assert sorted(cluster.text(host, "/etc/hosts").splitlines()) == lines


def test_all_of_hadoop_is_configured_alike(cluster: RenderedCluster) -> None:
    for name in ("core-site.xml", "hdfs-site.xml", "yarn-site.xml", "capacity-scheduler.xml", "hadoop-env.sh"):
        assert len({cluster.text(host, f"{HADOOP}/{name}") for host in cluster.groups["hadoop"]}) == 1
    assert cluster.site("hadoop01", "core-site.xml")["fs.defaultFS"] == "hdfs://hadoop01:9000"


def test_the_table_of_services_says_which_units_are_where(cluster: RenderedCluster) -> None:
    services = cluster.deployment.hostvars["hadoop01"]["services"].values()
    helpers = {helper for service in services for helper in service.get("helpers", [])} | {
        "log-analysis-firewall.service"
    }
    written = {
        (host, path.split("/")[4].removesuffix(".d"))
        for host, files in cluster.files.items()
        for path in files
        if path.startswith("/etc/systemd/system/")
    }
    assert {(host, unit) for host, unit in written if unit not in helpers} == {
        (host, service["unit"].replace("*", ""))
        for service in services
        for group in service["groups"]
        for host in cluster.groups.get(group, [])
    }


def test_the_table_of_services_says_whose_processes_they_are(cluster: RenderedCluster) -> None:
    for service in cluster.deployment.hostvars["hadoop01"]["services"].values():
        path = f"/etc/systemd/system/{service['unit'].replace('*', '').replace('.timer', '.service')}"
        for text in [files[path].text for files in cluster.files.values() if path in files]:
            assert f"User={service['user']}\n" in text


#: What systemd_unit notes of a job's supervisor.
JOB_RECORDS = "/var/lib/systemd/unit-records/log-analysis@"
#: It names the tables of each web host's malformed lines.
RETENTION = "/etc/systemd/system/log-analysis-retention.service"
BEFORE = Cluster(webs=2, workers=5, brokers=5)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> RenderedCluster:
    """Return the cluster that is then changed."""
    return RenderedCluster(BEFORE, tmp_path_factory.mktemp("inventory"))


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (replace(BEFORE, webs=3, workers=6), {"/etc/hosts", RULES, RETENTION}),
        # Who asks Kafka learns of a broker more; the brokers themselves need not.
        (replace(BEFORE, workers=6, brokers=6), {"/etc/hosts", RULES, "bootstrap servers"}),
        (replace(BEFORE, without=("web01",)), {"/etc/hosts", RULES, RETENTION}),
        (replace(BEFORE, without=("hadoop05",)), {"/etc/hosts", RULES, "bootstrap servers"}),
    ],
    ids=["a web host and a worker more", "a broker more", "a web host less", "a broker less"],
)
def test_a_host_more_or_less_changes_nothing_else_on_the_others(
    before: RenderedCluster, then: Cluster, expected: set[str], tmp_path: Path
) -> None:
    after = RenderedCluster(then, tmp_path)
    servers = re.compile(r"[\w:,]*:9092[\w:,]*")
    changed = set()
    for host in set(before.files) & set(after.files):
        for path in set(before.files[host]) | set(after.files[host]):
            one, two = (files[host].get(path) for files in (before.files, after.files))
            # A new web host brings its job, an old one takes it away.
            if one != two and not (one and two):
                assert host == "hadoop02", f"{host}: {path}"
                assert path.startswith((f"{PROJECT}/log_analysis/jobs/", JOB_RECORDS)), f"{host}: {path}"
            elif one != two:
                changed.add("bootstrap servers" if servers.sub("", one.text) == servers.sub("", two.text) else path)
    assert changed == expected
    ids = {host: node["node.id"] for host, node in before.nodes.items()}
    assert {host: node["node.id"] for host, node in after.nodes.items() if host in ids} == {
        host: number for host, number in ids.items() if host in after.nodes
    }
