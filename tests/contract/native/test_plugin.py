"""The plugin as the engine meets it: a process that prints its port and answers over gRPC."""

import signal
import subprocess
from collections.abc import Iterator

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto import provider_pb2_grpc

from tools.checkout import Checkout
from whatsapp_flow_keys.native.version import VERSION

SCRIPT = Checkout.this().venv_bin / "pulumi-resource-whatsapp"
_NO_ENGINE = "127.0.0.1:9"
URN = "urn:pulumi:test::flows::whatsapp:flows:{kind}::line"


@pytest.fixture(scope="module")
def process() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen([SCRIPT, _NO_ENGINE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


@pytest.fixture(scope="module")
def plugin(process: "subprocess.Popen[str]") -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    assert process.stdout
    with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


def struct(**values: object) -> Struct:
    sent = Struct()
    sent.update(values)
    return sent


def test_it_says_its_version_and_takes_secrets(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    assert plugin.GetPluginInfo(Empty()).version == VERSION
    answer = plugin.Configure(proto.ConfigureRequest(acceptSecrets=True))
    assert answer.acceptSecrets
    assert answer.supportsPreview


def test_a_failure_is_one_sentence_with_the_number(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    given = struct(phoneNumberId="106540352242922", managedBy="o/p/s", store="file:///not/there/ring.json")
    with pytest.raises(grpc.RpcError) as failed:
        plugin.Create(proto.CreateRequest(urn=URN.format(kind="EncryptionKey"), properties=given))
    said = failed.value.details()
    assert "106540352242922" in said
    assert "\n" not in said


@pytest.mark.parametrize("kind", ["EncryptionKey", "KeyRing", "StoredKeyRing", "KeyRegistration"])
def test_a_preview_makes_nothing_and_says_what_it_knows(
    plugin: provider_pb2_grpc.ResourceProviderStub, kind: str
) -> None:
    given = struct(phoneNumberId="106540352242922", managedBy="o/p/s", store="file:///not/there/ring.json")
    answer = plugin.Create(proto.CreateRequest(urn=URN.format(kind=kind), properties=given, preview=True))
    assert answer.id == ""
    assert answer.properties["phoneNumberId"] == "106540352242922"


def test_a_property_that_there_is_not_is_named_with_those_that_there_are(
    plugin: provider_pb2_grpc.ResourceProviderStub,
) -> None:
    given = struct(phoneNumberId="106540352242922", managedBy="o/p/s", store="stack", rotation="one")
    (failure,) = plugin.Check(proto.CheckRequest(urn=URN.format(kind="EncryptionKey"), news=given)).failures
    assert failure.reason.startswith("rotation: there is no such property; known are backups, ")
    assert not failure.property, "Pulumi would print the value"


def test_what_errors_and_previews_name_is_refused_as_a_secret(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "file:///ring.json"}
    given = struct(phoneNumberId="106540352242922", managedBy="o/p/s", store=secret)
    (failure,) = plugin.Check(proto.CheckRequest(urn=URN.format(kind="EncryptionKey"), news=given)).failures
    assert failure.reason.startswith("store: is a secret, but errors, previews")


def test_the_token_becomes_a_secret_of_the_state(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    checked = plugin.CheckConfig(proto.CheckRequest(news=struct(accessToken="EAA", graphVersion="v26.0")))
    assert dict(checked.inputs["accessToken"])["value"] == "EAA"
    assert checked.inputs["graphVersion"] == "v26.0"


def test_another_token_replaces_nothing(plugin: provider_pb2_grpc.ResourceProviderStub) -> None:
    asked = proto.DiffRequest(olds=struct(accessToken="EAA1"), news=struct(accessToken="EAA2"))
    answer = plugin.DiffConfig(asked)
    assert (answer.changes, list(answer.replaces)) == (proto.DiffResponse.DIFF_SOME, [])


def test_it_ends_at_once_and_in_silence_when_the_engine_asks() -> None:
    """What it prints then, the engine would show as a crash."""
    with subprocess.Popen([SCRIPT, _NO_ENGINE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        assert started.stdout
        assert int(started.stdout.readline())
        started.send_signal(signal.SIGINT)
        printed, errors = started.communicate(timeout=60)
    assert (printed, errors, started.returncode) == ("", "", 0)


def test_googles_client_loads_beside_pulumis_sdk_in_the_plugin() -> None:
    """Both bring a `google.rpc.Status`, and protobuf refuses a second one."""
    both = "import whatsapp_flow_keys.native.answering, google.cloud.secretmanager, grpc_status.rpc_status"
    done = subprocess.run([Checkout.this().python, "-c", both], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_person_who_starts_it_is_told_what_it_is() -> None:
    done = subprocess.run([SCRIPT], capture_output=True, text=True)
    assert done.returncode == 2
    assert "the following arguments are required: engine" in done.stderr
    helped = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True).stdout
    assert "pulumi plugin install resource whatsapp" in helped
