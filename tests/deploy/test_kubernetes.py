"""The manifests, as far as they can be checked without a cluster: shapes, names, ports, probes, rights."""

import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings.cardops_yml import parse_config
from bot.settings.environment import Settings
from tests.deploy.names import is_setting

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
WEB = (ROOT / "bot" / "http" / "app.py").read_text()
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
OBJECTS: list[dict[str, Any]] = [
    document
    for file in sorted(FOLDER.glob("*.yaml"))
    if file.name != "kustomization.yaml"
    for document in yaml.safe_load_all(file.read_text())
]
VERSIONS = {
    "ConfigMap": "v1",
    "Secret": "v1",
    "Service": "v1",
    "CronJob": "batch/v1",
    "Deployment": "apps/v1",
    "Job": "batch/v1",
    "Namespace": "v1",
    "PersistentVolumeClaim": "v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
}


def of(kind: str) -> dict[str, Any]:
    """The first object of a kind."""
    return next(thing for thing in OBJECTS if thing["kind"] == kind)


def cron(name: str) -> dict[str, Any]:
    """The pod of a CronJob."""
    found: dict[str, Any] = next(
        thing for thing in OBJECTS if thing["kind"] == "CronJob" and thing["metadata"]["name"] == name
    )["spec"]["jobTemplate"]["spec"]["template"]
    return found


PODS = [of("Deployment")["spec"]["template"], of("Job")["spec"]["template"], cron("cardops-check")]
NAMES = ["bot", "migration", "check"]


def test_every_kind_is_there_in_its_stable_version() -> None:
    assert {thing["kind"]: thing["apiVersion"] for thing in OBJECTS} == VERSIONS
    assert all(thing["metadata"]["labels"]["app.kubernetes.io/name"] == "cardops" for thing in OBJECTS)


def test_kustomize_applies_all_but_the_example_and_the_job() -> None:
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]

    files = {file.name for file in FOLDER.glob("*.yaml")}
    assert set(listed) == files - {"kustomization.yaml", "secret.example.yaml", "migration-job.yaml"}


def test_kubectl_builds_the_same_objects_from_it() -> None:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("there is no kubectl")

    built = subprocess.run([program, "kustomize", str(FOLDER)], capture_output=True, text=True, check=False)

    assert built.returncode == 0, built.stderr
    objects = list(yaml.safe_load_all(built.stdout))
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    assert len(objects) == sum(len(list(yaml.safe_load_all((FOLDER / name).read_text()))) for name in listed)
    assert {
        thing["metadata"]["name"] if thing["kind"] == "Namespace" else thing["metadata"]["namespace"]
        for thing in objects
    } == {"cardops"}


@pytest.mark.parametrize("pod", [*PODS, cron("cardops-backup")], ids=[*NAMES, "backup"])
def test_a_pod_has_no_rights_that_it_needs_not(pod: dict[str, Any]) -> None:
    spec = pod["spec"]
    (container,) = spec["containers"]

    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} <= container["resources"].keys()
    volumes = {volume["name"] for volume in spec["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes


@pytest.mark.parametrize("pod", PODS, ids=NAMES)
def test_its_settings_are_ours_and_complete(pod: dict[str, Any]) -> None:
    (container,) = pod["spec"]["containers"]
    given = {variable["name"]: variable["value"] for variable in container["env"]}
    secret = of("Secret")["stringData"]

    assert all(is_setting(name) for name in (*given, *secret))
    needed = {name for name, setting in Settings.model_fields.items() if setting.is_required()}
    have = {name.removesuffix("_FILE") for name in (*given, *secret)}
    assert needed <= have
    assert "SLACK_SIGNING_SECRET" in secret
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert all(str(Path(given[name]).parent) in mounts for name in given if name.endswith(("_FILE", "_CONFIG")))
    keys = next(thing for thing in OBJECTS if thing["metadata"]["name"] == "cardops-paytend-keys")
    assert {Path(given[name]).name for name in given if name.endswith("_FILE")} == set(keys["stringData"])


def test_o7_only_the_migration_and_the_backup_know_the_owner_of_the_tables() -> None:
    pods = {**dict(zip(NAMES, PODS, strict=True)), "backup": cron("cardops-backup")}
    secrets = {
        name: [source["secretRef"]["name"] for source in pod["spec"]["containers"][0]["envFrom"]]
        for name, pod in pods.items()
    }

    assert secrets == {
        "bot": ["cardops"],
        "migration": ["cardops", "cardops-owner"],
        "check": ["cardops"],
        "backup": ["cardops-owner"],
    }
    owner = next(thing for thing in OBJECTS if thing["metadata"]["name"] == "cardops-owner")["stringData"]
    urls = (of("Secret")["stringData"]["DATABASE_URL"], owner["DATABASE_OWNER_URL"])
    assert len({url.partition("//")[2].partition(":")[0] for url in urls}) == 2


def test_o15_a_backup_is_whole_or_not_there_and_is_kept_for_a_while() -> None:
    (script,) = cron("cardops-backup")["spec"]["containers"][0]["args"]

    assert subprocess.run(["sh", "-n", "-c", script], check=False).returncode == 0
    assert 'mv "$file.part" "$file"' in script
    (volume,) = [each for each in cron("cardops-backup")["spec"]["volumes"] if "persistentVolumeClaim" in each]
    assert volume["persistentVolumeClaim"]["claimName"] == of("PersistentVolumeClaim")["metadata"]["name"]


def test_the_example_of_a_secret_holds_none() -> None:
    values = [value for thing in OBJECTS if thing["kind"] == "Secret" for value in thing["stringData"].values()]

    assert all(value.startswith("<") and value.endswith(">") for value in values)


def test_probes_and_ports_are_those_of_the_bot() -> None:
    (container,) = of("Deployment")["spec"]["template"]["spec"]["containers"]
    (port,) = container["ports"]
    listen = next(variable["value"] for variable in container["env"] if variable["name"] == "CARDOPS_LISTEN")

    assert port["containerPort"] == int(listen.rpartition(":")[2])
    paths = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert all(f'"{path}"' in WEB for path in {*paths.values(), "/metrics"})
    assert all(container[name]["httpGet"]["port"] == port["name"] for name in paths)
    assert of("Service")["spec"]["ports"][0]["targetPort"] == port["name"]
    assert of("NetworkPolicy")["spec"]["ingress"][0]["ports"] == [
        {"protocol": "TCP", "port": port["containerPort"]}
    ]


def test_a_rollout_and_a_drain_leave_somebody_to_answer() -> None:
    spec = of("Deployment")["spec"]
    labels = spec["template"]["metadata"]["labels"]

    assert spec["replicas"] >= 2
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert of("PodDisruptionBudget")["spec"]["minAvailable"] < spec["replicas"]
    for selector in (
        spec["selector"]["matchLabels"],
        of("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        of("Service")["spec"]["selector"],
        of("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] >= 60


def test_bot_and_migration_are_of_one_version() -> None:
    images = {pod["spec"]["containers"][0]["image"] for pod in PODS}

    assert len(images) == 1
    (image,) = images
    assert image == f"cardops:{VERSION}"
    assert of("Job")["metadata"]["name"].endswith(image.partition(":")[2].replace(".", "-"))


def test_the_configuration_is_one_that_the_bot_takes() -> None:
    config = parse_config(of("ConfigMap")["data"]["cardops.yml"], name="cardops.yml")

    assert config.policy
    assert config.channels.audit
