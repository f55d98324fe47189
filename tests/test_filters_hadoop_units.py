"""The units of HDFS's and YARN's daemons; test_rendering.py and test_hardening.py see the files."""

from __future__ import annotations

from hadoop_units import hadoop_units

DAEMONS = {
    "datanode": {"http_host": "h1", "http_port": 9864, "java_opts": "-Xmx1g"},
    "namenode": {"http_host": "h1", "http_port": 9870, "java_opts": ""},
}


def test_each_daemon_writes_to_its_own_directory_and_the_common_ones() -> None:
    directories = {"namenode": "/d/hdfs/name", "datanode": "/e/data"}
    datanode, namenode = hadoop_units(DAEMONS, "hdfs", "hadoop", "/jvm", directories, ["/d/logs"])
    assert datanode["content"]["Service"]["ReadWritePaths"] == "/e -/d/logs"
    assert namenode["content"]["Service"]["ReadWritePaths"] == "/d/hdfs -/d/logs"
    assert namenode["name"] == "hdfs-namenode.service"
    assert '"HDFS_DATANODE_OPTS=-Xmx1g"' in datanode["content"]["Service"]["Environment"]
    assert datanode["content"]["Service"]["ExecStartPost"].endswith(" http://h1:9864/")
    assert "UMask" not in datanode["content"]["Service"]


def test_a_nodemanager_writes_to_all_directories_of_yarn_and_ends_its_containers_itself() -> None:
    daemons = {"nodemanager": DAEMONS["datanode"]}
    (unit,) = hadoop_units(daemons, "yarn", "u", "/jvm", {"local": "/d/yarn/local", "logs": "/d/yarn/logs"}, [])
    service = unit["content"]["Service"]
    assert service["ReadWritePaths"] == "/d/yarn"
    assert (service["KillMode"], service["UMask"], service["User"]) == ("mixed", "0022", "u")
