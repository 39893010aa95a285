"""What makes two store URLs one place, and what the state knows of it that the URL doesn't say."""

import pytest

from whatsapp_flow_keys.stores.urls import STACK, anchored, complete_url, is_same_place

AWS = "awssecretsmanager://eu-west-1/flows/line"
VAULT = "hashivault://vault.example.com/flows/line"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AWS, f"{AWS}?tag.team=pay&kms_key_id=alias/flows"),
        (AWS, f"{AWS}?account=123456789012"),
        (VAULT, "hashivault://VAULT.example.com:443/flows/line?mount=secret"),
        ("azurekeyvault://v.vault.azure.net/line", "azurekeyvault://V.vault.azure.net/line?tag.team=pay"),
        (
            "gcpsecretmanager://my-project/line",
            "gcpsecretmanager://my-project/line?locations=europe-west3&tag.team=pay",
        ),
        ("gcpsecretmanager://my-project/line", "gcpsecretmanager://my-project/line?existing=true"),
        ("kubernetes://prod/flows/line", "kubernetes://prod/flows/line?existing=true"),
        ("file:///var/lib/ring.json", "file://localhost/var/lib/ring.json"),
        (STACK, STACK),
    ],
)
def test_settings_and_spelling_do_not_make_another_place(one: str, other: str) -> None:
    assert is_same_place(one, other)
    assert is_same_place(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AWS, AWS.replace("eu-west-1", "us-east-1")),
        (AWS, f"{AWS}2"),
        (VAULT, f"{VAULT}?namespace=team"),
        (VAULT, f"{VAULT}?mount=kv"),
        (AWS, VAULT),
        (AWS, STACK),
        ("gcpsecretmanager://my-project/line", "gcpsecretmanager://my-project/Line"),
        ("gcpsecretmanager://my-project/line", "gcpsecretmanager://another-project/line"),
        ("kubernetes://prod/flows/line", "kubernetes://dev/flows/line"),
        ("kubernetes://prod/flows/line", "kubernetes://prod/others/line"),
        (f"{AWS}?account=123456789012", f"{AWS}?account=999999999999"),
        (AWS, "no store"),
        (AWS, None),
    ],
)
def test_another_region_name_mount_or_kind_is_another_place(one: str, other: object) -> None:
    assert not is_same_place(one, other)
    assert not is_same_place(other, one)


@pytest.mark.parametrize(
    ("url", "anchored_url"),
    [
        (AWS, f"{AWS}?account=123456789012"),
        (f"{AWS}?tag.team=new", f"{AWS}?tag.team=new&account=123456789012"),
        (f"{AWS}?account=999999999999", f"{AWS}?account=999999999999"),
        (f"{AWS}2", f"{AWS}2"),
        (VAULT, VAULT),
    ],
)
def test_a_place_keeps_the_account_that_was_recorded_and_nothing_else_of_it(url: str, anchored_url: str) -> None:
    assert anchored(url, [VAULT, f"{AWS}?account=123456789012&tag.team=old"]) == anchored_url


@pytest.mark.parametrize(
    "url",
    [
        "stack",
        "s3://bucket/ring",
        "",
        "file:",
        "file:///a/ring.json",
        "file:/a/ring.json",
        "file:rings/",
        "file:ring.json?mode=0640",
        "hashivault://",
    ],
)
def test_what_needs_nothing_of_the_environment_or_is_wrong_stays_as_it_is(url: str) -> None:
    assert complete_url(url, {"AWS_REGION": "eu-west-1"}) == url
