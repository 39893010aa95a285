"""A key ring in AWS Secrets Manager.

Putting a value has no condition there: the last writer would win. So a value is put under a staging label of our own
first, where nobody reads it, and then AWSCURRENT is moved to it *from the version that was read*, which the service
refuses once another version holds the label. Everybody reads by that label. Deleting has no condition either: what was
deleted is looked at, and restored if somebody moved the label meanwhile.

Answers are eventually consistent: one may be older than what a call of ours did a moment ago. So no such answer decides
that something is not there, or is as it was before; AWS is asked again until an answer shows the call. What a call does
and which errors it has: the service model of Secrets Manager.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from whatsapp_flow_keys.clock import Clock, SystemClock
from whatsapp_flow_keys.errors import ForeignDocumentError, StorePermissionError, StoreUnavailableError
from whatsapp_flow_keys.extras import require_extra
from whatsapp_flow_keys.ring import KeyRing
from whatsapp_flow_keys.stores.aws_secrets_manager.address import (
    MANAGED_BY,
    AwsSecret,
    is_same_key,
    markers,
    parse_secret,
    tag_changes,
)
from whatsapp_flow_keys.stores.aws_secrets_manager.client import ask
from whatsapp_flow_keys.stores.aws_secrets_manager.refusals import RefusedError
from whatsapp_flow_keys.stores.content import left_in_place, lost_deletion, lost_race, never_made, ring_in, text_of
from whatsapp_flow_keys.stores.store import Versioned

STAGED = "WHATSAPP_FLOW_KEYS_STAGED"
"""The staging label of a value that may become current. Never AWSPENDING, which is a rotation function's."""
CURRENT = "AWSCURRENT"

_LARGEST = 65536
_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds between the looks for what a call of ours did."""
_MISSING, _EMPTY, _DELETED = "", "empty", "deleted"  # versions of what has no VersionId


class AwsSecretsManagerStore:
    """The document as the current value of a secret."""

    is_recorded = False
    recoverable = True

    def __init__(self, secret: AwsSecret, *, clock: Clock | None = None) -> None:
        self._secret = secret
        self._clock = clock or SystemClock()
        self._arn = ""
        self._markers: Mapping[str, str] = {}

    @classmethod
    def from_url(cls, url: str, field: str) -> "AwsSecretsManagerStore":
        """``awssecretsmanager://REGION/NAME?…``, or ``awssecretsmanager://ARN`` for an existing secret."""
        secret = parse_secret(url, field)
        require_extra("aws", "boto3", field=field)
        return cls(secret)

    @property
    def url(self) -> str:
        """The region and the name, or the ARN."""
        return self._secret.url

    @property
    def location(self) -> str:
        """See :class:`Store`: with ``account=``, once the service has named it."""
        return self._secret.location(_account_in(self._arn))

    @property
    def secret_id(self) -> str:
        """The ARN, once the service has named it; else the name."""
        return self._arn or self._secret.id

    @property
    def is_ours(self) -> bool:
        """See :class:`Store`."""
        return self._secret.is_ours

    def read(self) -> Versioned:
        """See :class:`Store`. The version is the VersionId of the value with AWSCURRENT."""
        for pause in (*_PAUSES, 0.0):
            found = self._read()
            if found is not None:
                return found
            self._clock.sleep(pause)
        raise StoreUnavailableError(
            self.url,
            "AWS names a current version and does not answer its value; run again in a minute. If that "
            "stays, check that no other service manages the secret",
        )

    def _read(self) -> Versioned | None:
        """None where the answers contradict each other."""
        try:
            answer = self._ask("GetSecretValue", VersionStage=CURRENT)
        except RefusedError as refused:
            return self._without_value(refused)
        if "SecretBinary" in answer:
            raise ForeignDocumentError(
                self.url,
                f"holds {len(answer['SecretBinary'])} bytes as SecretBinary, not a key ring of WhatsApp "
                f"Flows; it was not touched. Give another place",
            )
        ring = ring_in(answer.get("SecretString", ""), self.url)
        if ring is not None:
            self._markers = markers(ring)
        return Versioned(ring, answer["VersionId"], place=self._place(answer["VersionId"]) if ring else "")

    def write(self, ring: KeyRing, expected: Versioned) -> Versioned:
        """See :class:`Store`. After a kill between putting and moving, the next write takes the label along."""
        text = text_of(ring, self.url, _LARGEST)
        if expected.deleted:
            raise lost_race(self.url)
        ours = str(uuid4())  # names the version: boto3 repeats a request with it, and AWS makes no second version
        if expected.version == _MISSING:
            self._create(ring, text, ours)
        else:
            self._put(text, ours)
            self._make_current(ours, expected.version)
        self._markers = markers(ring)
        return Versioned(ring, ours, place=self._place(ours))

    def settle(self) -> None:
        """See :class:`Store`. Tags that others put on stay; without ``kms_key_id`` the key stays."""
        found = self._describe() if self._secret.is_ours else None
        if found is None or "DeletedDate" in found:
            return
        if not is_same_key(self._secret.kms_key_id, found.get("KmsKeyId", "")):
            self._ask("UpdateSecret", KmsKeyId=self._secret.kms_key_id)
        there = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
        gone, changed = tag_changes(there, self._secret.tags, self._markers)
        if gone:  # first: the record that names them changes with the others
            self._ask("UntagResource", TagKeys=gone)
        if changed:
            self._ask("TagResource", Tags=_as_list(changed))

    def restore(self) -> None:
        """See :class:`Store`."""
        found = self._describe()
        if found is None or "DeletedDate" not in found:
            return
        if not self._secret.is_ours:
            raise StoreUnavailableError(
                self.url,
                "is scheduled for deletion. It was given by secret_id=, so the team that it belongs to "
                "must restore it; then run again",
            )
        if not any(tag["Key"] == MANAGED_BY for tag in found.get("Tags", ())):
            raise ForeignDocumentError(
                self.url,
                f"is scheduled for deletion and has no tag {MANAGED_BY}, so it is not a key ring of this "
                f"project; it was not restored. Give another name",
            )
        self._ask("RestoreSecret")
        self._look_until(lambda found: found is not None and "DeletedDate" not in found)

    def delete(self, expected: Versioned) -> str:
        """See :class:`Store`. Who writes after the deletion is refused, so an answer that shows the deletion also shows
        every write before it."""
        if not self._secret.is_ours:
            return left_in_place(self.url)
        found = self._describe()  # before the call that changes something: is it the right account's?
        if found is None or "DeletedDate" in found or not (_current_of(found) or expected.ring):
            return ""
        if _current_of(found) != expected.version:
            raise lost_deletion(self.url)
        self._check_replicas(found)
        refusal: RefusedError | None = None
        try:
            until = self._ask("DeleteSecret", RecoveryWindowInDays=self._secret.recovery_window_days)["DeletionDate"]
        except RefusedError as refused:  # an answer may have been lost, and boto3 asked again
            refusal, until = refused, None
        found = self._look_until(lambda found: found is None or "DeletedDate" in found)
        if found is None:
            return ""
        if "DeletedDate" not in found and refusal is not None:
            raise refusal
        self._check_deleted(found, expected)
        return (
            f"{self.url}: is scheduled for deletion, and can be restored until "
            f"{_date(until or found['DeletedDate'])}; the next `pulumi up` restores it"
        )

    def _check_replicas(self, found: Mapping[str, Any]) -> None:
        """A secret with replicas can't be deleted, and a replica would be gone at once."""
        regions = ", ".join(replica["Region"] for replica in found.get("ReplicationStatus", ()))
        if found.get("PrimaryRegion", self._secret.region) != self._secret.region:
            raise StoreUnavailableError(
                self.url,
                f"is a replica of the secret in {found['PrimaryRegion']}, and AWS deletes a replica at "
                f"once and for good; nothing was deleted. Remove it yourself if it may go, or give the secret's region",
            )
        if regions:
            raise StoreUnavailableError(
                self.url,
                f"is replicated to {regions}, and AWS does not delete a secret that has replicas; nothing "
                f"was deleted. Remove them (`aws secretsmanager remove-regions-from-replication`), then run again",
            )

    def _check_deleted(self, found: Mapping[str, Any], expected: Versioned) -> None:
        """Raises where the deletion took along what somebody wrote, or may have, after a restoration."""
        if "DeletedDate" in found and _current_of(found) == expected.version:
            return
        try:
            self._ask("RestoreSecret")
        except StoreUnavailableError as error:
            again = self._describe()
            if again is None or "DeletedDate" in again:
                raise StoreUnavailableError(
                    self.url,
                    f"somebody else wrote it while it was being deleted, and it could not be restored. "
                    f"Restore it with `aws secretsmanager restore-secret`, or by the next `pulumi up`. The cause: "
                    f"{error}",
                ) from None
        if "DeletedDate" in found:
            raise lost_deletion(self.url)
        raise StoreUnavailableError(
            self.url,
            "AWS did not confirm the deletion, so it is not known whether somebody wrote meanwhile, and "
            "it was restored. Run again",
        )

    def _without_value(self, refused: "RefusedError") -> Versioned | None:
        found = self._describe()
        if found is None:
            self._check_caller()  # nothing there may mean another account's nothing
            return Versioned(None, _MISSING)
        current = _current_of(found)
        if "DeletedDate" in found:
            return Versioned(None, _DELETED, deleted=True, place=self._place(current) if current else "")
        if current:
            return None
        if refused.code != "ResourceNotFoundException":
            raise refused from None
        return Versioned(None, _EMPTY)

    def _create(self, ring: KeyRing, text: str, ours: str) -> None:
        if not self._secret.is_ours:
            raise never_made(self.url)
        self._check_caller()
        key = {"KmsKeyId": self._secret.kms_key_id} if self._secret.kms_key_id else {}
        try:
            self._ask(
                "CreateSecret",
                Name=self._secret.id,
                ClientRequestToken=ours,
                SecretString=text,
                Description=f"Private keys of WhatsApp Flows for phone number {ring.phone_number_id}",
                Tags=_as_list(tag_changes({}, self._secret.tags, markers(ring))[1]),
                **key,
            )
        except RefusedError as refused:
            found = self._describe() or {}
            if _current_of(found) == ours:  # boto3 asked again after an answer that was lost
                return
            if refused.code == "ResourceExistsException" or "DeletedDate" in found:
                raise lost_race(self.url) from None
            raise refused from None

    def _put(self, text: str, ours: str) -> None:
        if not self._arn:
            self._check_caller()
        try:
            self._ask("PutSecretValue", ClientRequestToken=ours, SecretString=text, VersionStages=[STAGED])
        except RefusedError as refused:
            found = self._describe()
            if found is None or "DeletedDate" in found:
                raise lost_race(self.url) from None
            raise refused from None

    def _make_current(self, ours: str, expected: str) -> None:
        refusal: RefusedError | None = None
        if expected != _EMPTY:  # the first version of a secret gets AWSCURRENT from the service
            try:
                move = {"MoveToVersionId": ours, "RemoveFromVersionId": expected}
                self._ask("UpdateSecretVersionStage", VersionStage=CURRENT, **move)
                return
            except RefusedError as refused:
                refusal = refused
        found = self._look_until(lambda found: _was_written(found, since=expected)) or {}
        if _current_of(found) == ours:  # so the refusal, if any, answers a request that boto3 repeated
            return
        self._take_label_off(ours)
        if refusal is not None and _current_of(found) == expected and "DeletedDate" not in found:
            raise refusal
        raise lost_race(self.url)

    def _take_label_off(self, ours: str) -> None:
        with suppress(StoreUnavailableError):  # another writer has taken it, or the next one will
            self._ask("UpdateSecretVersionStage", VersionStage=STAGED, RemoveFromVersionId=ours)

    def _look_until(self, shows: Callable[[Mapping[str, Any] | None], bool]) -> dict[str, Any] | None:
        """What DescribeSecret answers as soon as that ``shows`` what is looked for; else its last answer."""
        found = self._describe()
        for pause in _PAUSES:
            if shows(found):
                break
            self._clock.sleep(pause)
            found = self._describe()
        return found

    def _describe(self) -> dict[str, Any] | None:
        try:
            return self._ask("DescribeSecret")
        except RefusedError as refused:
            if refused.code == "ResourceNotFoundException":
                return None
            raise

    def _place(self, version: str) -> str:
        """The service's own name for a value: the same, whether the secret is asked for by its name or by its ARN."""
        return f"{self._arn} {version}"

    def _check_caller(self) -> None:
        """A copy of private keys in another account would be a leak."""
        if self._secret.is_ours and self._secret.account:
            self._check_account(ask(self._secret, "sts", "GetCallerIdentity")["Account"])

    def _check_account(self, account: str) -> None:
        if self._secret.account not in ("", account):
            raise StorePermissionError(
                self.url,
                f"these credentials are of account {account}, the ring was recorded in "
                f"{self._secret.account}; nothing was written. Use credentials of {self._secret.account} (AWS_PROFILE)",
            )

    def _ask(self, action: str, **parameters: Any) -> dict[str, Any]:
        """What the service answers. Raises :class:`RefusedError` for a "no" that depends on what is there."""
        secret_id = {} if action == "CreateSecret" else {"SecretId": self._secret.id}
        answer = ask(self._secret, "secretsmanager", action, **secret_id, **parameters)
        if "ARN" in answer:
            self._check_account(_account_in(answer["ARN"]))
            self._arn = answer["ARN"]
        return answer


def _account_in(arn: str) -> str:
    return arn.split(":")[4] if arn else ""


def _current_of(found: Mapping[str, Any]) -> str:
    stages = found.get("VersionIdsToStages", {})
    return next((version for version, labels in stages.items() if CURRENT in labels), "")


def _was_written(found: Mapping[str, Any] | None, since: str) -> bool:
    """Whether another version is current than the one that was, or none can be any more."""
    return found is not None and ("DeletedDate" in found or _current_of(found) not in ("", since))


def _as_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()
