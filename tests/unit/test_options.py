"""Resource options of a FlowEncryption: which are refused, and what the sentence says."""

import inspect
import re
from pathlib import Path
from typing import Any

import pulumi
import pytest

from whatsapp_flow_encryption.options import refuse_harmful_options
from whatsapp_flow_encryption.whatsapp_provider import WhatsAppProvider

PAGE = Path(__file__).parents[2] / "docs" / "resource-options.md"
PASSED_OVER: dict[str, Any] = {
    "additional_secret_outputs": ["fingerprint"],
    "custom_timeouts": pulumi.CustomTimeouts(create="5m"),
    "delete_before_replace": True,
    "env_var_mappings": {"MINE": "WHATSAPP_ACCESS_TOKEN"},
    "hide_diffs": ["fingerprint"],
    "id": "106540352242922",
    "ignore_changes": ["issued_on"],
    "import_": "106540352242922",
    "plugin_download_url": "https://plugins.example.com",
    "replace_on_changes": ["*"],
    "replacement_trigger": "two",
    "urn": "urn:pulumi:prod::flows::whatsapp:flows:FlowEncryption::line",
    "version": "1.2.3",
}


def refused(*, only_copy_in_state: bool = False, generated: bool = False, **options: Any) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        refuse_harmful_options(
            "line",
            pulumi.ResourceOptions(**options),
            only_copy_in_state=only_copy_in_state,
            generated=generated,
        )
    return str(caught.value)


@pytest.mark.parametrize("option", PASSED_OVER)
def test_what_pulumi_passes_over_on_a_component_is_refused(option: str) -> None:
    said = refused(**{option: PASSED_OVER[option]})
    assert said.startswith(f"FlowEncryption 'line': {option}: Pulumi passes over it on a component in silence; ")
    assert "\n" not in said


def test_each_mistake_has_a_line() -> None:
    assert refused(version="1.2.3", ignore_changes=["issued_on"]).count("\n") == 1


@pytest.mark.parametrize("option", ["retain_on_delete", "deleted_with"])
def test_what_forgets_the_only_copy_is_refused_where_the_state_holds_it(option: str) -> None:
    given: dict[str, Any] = {option: True}
    assert f"{option}: a destroy would forget the keys" in refused(only_copy_in_state=True, **given)
    refuse_harmful_options("line", pulumi.ResourceOptions(**given), only_copy_in_state=False, generated=False)


@pytest.mark.parametrize("option", ["retain_on_delete", "deleted_with"])
def test_what_forgets_a_generated_passphrase_is_refused(option: str) -> None:
    """The document would stay, and nothing would open it."""
    said = refused(generated=True, **{option: True})
    assert f"{option}: a destroy would forget the keys" in said
    assert "the passphrase that was generated for them is in the stack's state alone; give one of your own" in said


def test_a_provider_that_would_be_deleted_first_is_refused() -> None:
    """Then the engine deletes, without a question, all that uses it."""
    with pytest.raises(pulumi.RunError, match="WhatsAppProvider 'north': delete_before_replace: would delete the keys"):
        WhatsAppProvider("north", access_token="x", opts=pulumi.ResourceOptions(delete_before_replace=True))


def test_what_is_not_given_or_says_no_is_passed() -> None:
    refuse_harmful_options("line", None, only_copy_in_state=True, generated=True)
    says_no = pulumi.ResourceOptions(delete_before_replace=False, retain_on_delete=False, ignore_changes=[])
    refuse_harmful_options("line", says_no, only_copy_in_state=True, generated=True)


def page() -> dict[str, str]:
    """What the page's first table says of each option."""
    table = PAGE.read_text().partition("| option of a FlowEncryption |")[2].partition("\n\n")[0]
    rows = [row.strip("| ").split(" | ", 1) for row in table.splitlines()[2:]]
    said = [(option, words) for options, words in rows for option in re.findall(r"`(\w+)`", options)]
    assert len(dict(said)) == len(said), "an option has two rows"
    return dict(said)


def refuses(option: str, *, only_copy_in_state: bool, generated: bool = False) -> bool:
    options = pulumi.ResourceOptions()
    setattr(options, option, "given")
    try:
        refuse_harmful_options("line", options, only_copy_in_state=only_copy_in_state, generated=generated)
    except pulumi.RunError:
        return True
    return False


def test_the_page_has_a_row_for_every_option_of_the_sdk_and_for_no_other() -> None:
    assert set(page()) == set(inspect.signature(pulumi.ResourceOptions).parameters)


def test_the_page_says_of_each_option_whether_it_is_refused() -> None:
    said = {option: words.startswith("**refused**") for option, words in page().items()}
    assert said == {option: refuses(option, only_copy_in_state=False) for option in said}


def test_the_page_says_of_each_option_whether_it_is_refused_where_the_state_holds_the_only_copy() -> None:
    said = {option: "**refused**" in words for option, words in page().items()}
    assert said == {option: refuses(option, only_copy_in_state=True) for option in said}
