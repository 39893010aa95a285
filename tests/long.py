"""What of the engine's and the tools' tests `make test` leaves to `make soak`, and which tests hold the same promise.

A run of the engine takes a second or two of processor time. Where a test is made of every place, language or way,
`make test` makes the rows that differ in what the engine or the provider does; `make soak` makes them all, as does
`make test ARGS=--long`. The places themselves are held to one contract by `tests/contract/stores/test_contract.py`,
without an engine.
"""

import pytest

ROWS: dict[str, dict[str, tuple[str, ...]]] = {
    "stack/native/test_components.py": {
        "test_a_number_that_registered_itself_comes_over_and_back_in_place": ("the stack",),
        "test_a_staged_key_is_published_after_what_was_deployed_with_it": ("a file",),
    },
    "stack/native/test_import.py": {
        "test_a_program_imports_a_number_of_another_stack_by_the_option_import_and_rotates_it": ("TypeScript",),
        "test_what_can_not_be_imported_is_said": (
            "another number's store",
            "the stack",
        ),
    },
    "stack/native/test_life.py": {
        "test_a_key_is_made_registered_and_rotated_and_the_key_before_stays_readable": (
            "YAML-a file",
            "TypeScript-the stack",
            "Go-a file",
        ),
        "test_a_live_key_is_adopted_without_a_publication": ("TypeScript",),
        "test_a_number_is_destroyed_and_comes_back_with_the_key_that_it_had": ("YAML",),
        "test_a_number_that_was_registered_anew_is_healed_by_a_refresh": ("YAML-the stack",),
    },
    "stack/native/test_migration.py": {
        "test_a_number_comes_over_in_place_without_a_request": (
            "the stack",
            "a file with a backup",
            "a file with a generated passphrase",
        ),
        "test_a_number_goes_back_to_a_python_program_in_place": (
            "the stack",
            "a file with a passphrase",
        ),
        "test_a_recorded_state_of_each_version_comes_over_and_keeps_every_key": (
            "0.1.0-367beb0-unfinished-rotation",
            "0.1.0-a9a32f2-stack-store",
            "0.1.0-a9a32f2-file-with-backup",
        ),
    },
    "stack/native/test_mistakes.py": {
        "test_a_mistake_is_said_in_the_preview": (
            "a typo",
            "an invalid number",
            "no PEM",
        ),
    },
    "stack/native/test_secrets.py": {
        "test_no_private_key_passphrase_or_token_lies_in_the_open": (
            "YAML-file",
            "TypeScript-stack",
        ),
    },
    "stack/native/test_traffic.py": {
        "test_no_form_fails_while_a_program_rotates_a_number_that_just_came_over_from_python": ("YAML",),
    },
    "stack/native/test_typescript_page.py": {
        "test_the_other_programs_compile": ("several accounts-TypeScript",),
        "test_the_program_that_deploys_in_between_publishes_after_the_deployment": ("it is deployed-TypeScript",),
    },
    "stack/test_adoption.py": {
        "test_a_key_of_a_number_that_has_none_yet_is_published": ("a file",),
        "test_a_key_that_is_not_the_one_that_meta_serves_is_refused_before_anything_is_written": ("a file",),
        "test_a_key_with_a_passphrase_of_its_own_is_adopted": ("the stack",),
        "test_a_number_that_is_managed_already_can_take_a_key_back": ("a file",),
        "test_a_refresh_while_it_is_given_is_no_change": ("the stack",),
        "test_an_adopted_key_is_nowhere_in_the_clear_and_leaves_the_state_with_its_argument": ("the stack",),
        "test_an_adopted_key_whose_number_was_registered_anew_is_signed_again": ("a file",),
        "test_given_again_once_the_number_has_moved_on_it_is_refused": ("the stack",),
        "test_replaced_by_force_while_it_is_live_it_stays": ("a file",),
        "test_while_it_is_given_a_rotation_is_refused_in_the_preview": ("the stack",),
    },
    "stack/test_audit_log.py": {
        "test_an_adoption_is_told": ("file",),
        "test_an_audit_log_that_can_not_be_written_stops_nothing_and_is_reported_once": ("stack",),
    },
    "stack/test_bench.py": {
        "test_the_floor_has_the_real_resources_with_their_properties_secrets_and_dependencies": (
            "keys, the stack",
            "native, OpenBao",
        ),
        "test_a_rotation_replaces_the_floors_key": (
            "keys, the stack",
            "native, OpenBao",
        ),
        "test_the_floors_state_holds_no_key": (
            "keys, the stack",
            "native, OpenBao",
        ),
        "test_the_floors_state_is_smaller_than_the_real_one": (
            "keys, the stack",
            "native, OpenBao",
        ),
    },
    "stack/test_changes_together.py": {
        "test_a_move_goes_before_a_rotation_and_leaves_the_old_document": ("trigger",),
    },
    "stack/test_command_line.py": {
        "test_after_an_up_all_agree_and_after_drift_until_the_next": (
            "vault",
            "stack and file",
        ),
    },
    "stack/test_dangerous_options.py": {
        "test_a_rotation_that_deletes_first_loses_no_key_though_force_destroy_is_set": ("by autonaming",),
        "test_what_would_forget_the_only_copy_is_a_failure_of_the_preview": ("retain_on_delete=True",),
        "test_with_a_store_a_destroy_then_leaves_the_document": ("deleted_with=other",),
    },
    "stack/test_destroy.py": {
        "test_a_refused_destroy_leaves_what_deploy_returned_and_the_registration": ("stack",),
        "test_an_up_after_a_refused_destroy_puts_everything_back": ("file",),
        "test_destroy_is_refused_while_meta_can_not_be_asked": ("file",),
        "test_destroy_is_refused_while_meta_serves_the_key_and_names_it": ("stack",),
        "test_force_destroy_lets_it_go_once_it_is_recorded": ("stack",),
        "test_keys_that_may_still_come_to_be_served_stay_unless_they_are_named": ("file",),
        "test_the_environment_can_name_the_key_that_may_go": ("file",),
        "test_the_keys_of_a_deleted_number_may_go": ("stack",),
    },
    "stack/test_empty_answers.py": {
        "test_a_number_that_lost_its_key_gets_it_back_by_a_refresh": ("file",),
        "test_no_empty_answer_makes_a_rotation_pass_the_gate_as_the_numbers_first_key": ("stack",),
        "test_two_empty_answers_publish_over_no_foreign_key": (
            "array-file",
            "flat-stack",
        ),
    },
    "stack/test_endpoint_gate.py": {
        "test_a_rotation_says_when_nothing_proves_that_the_endpoint_has_the_key": (
            "neither-True",
            "gate-False",
        ),
    },
    "stack/test_engine_model.py": {
        "test_the_model_and_the_engine_live_the_same_history": (
            "nothing due, a rotation, each resource replaced by force, a destroy that is refused, one that is forced",
            "going on: a first key that can't be staged, a rotation that can't be published, one that can't be staged",
            "with the stack as the store: a publication that fails, refreshes while a deletion is due, a ring replaced",
            "deleted before it is replaced, by a transform; then the replacement fails",
        ),
    },
    "stack/test_failures.py": {
        "test_a_renamed_stack_goes_on_with_its_ring": ("file",),
        "test_keys_move_to_another_store_by_way_of_backups": ("stack",),
        "test_nothing_is_published_before_the_endpoint_holds_the_new_key": ("stack",),
    },
    "stack/test_generated_passphrase.py": {
        "test_a_rename_without_an_alias_keeps_what_opens_the_served_key": ("continued",),
        "test_a_rotation_that_deletes_first_and_fails_leaves_what_a_destroy_then_asks_about": ("by a transform",),
        "test_a_state_of_an_older_version_is_asked_about_until_the_state_has_what_guards_the_document": ("True",),
        "test_an_option_that_forgets_it_is_a_failure_of_the_preview": ("retain_on_delete=True",),
    },
    "stack/test_hard_deletion.py": {
        "test_a_number_moves_from_the_stack_into_the_store_and_on_to_a_file": ("kubernetes",),
        "test_a_secret_that_was_lost_is_restored_by_the_command_and_shown_by_others": ("google",),
        "test_destroy_is_refused_for_the_last_copy_and_with_a_backup_the_number_comes_back": ("kubernetes",),
    },
    "stack/test_kills.py": {
        "test_a_kill_loses_no_key_and_the_next_up_repairs": (
            "the stack, the first `up`, `kill -9` of both, after the publication, before its answer",
            "the stack, a rotation, `kill -9` of the engine, after the publication, before its answer",
            "the stack, a rotation, `kill -9` of the provider, before the publication",
            "OpenBao, a rotation, `kill -9` of the provider, after the new key was written, before the answer",
            "OpenBao, a rotation, two interrupts, after the promotion was written, before the answer",
        ),
        "test_a_late_publication_that_lands_after_the_next_rotation_finds_its_key_in_the_ring": (
            "OpenBao-`kill -9` of the engine",
        ),
    },
    "stack/test_lifecycle.py": {
        "test_a_changed_passphrase_opens_every_key_once_the_endpoint_was_deployed_with_it": (
            "the first four words-the second four words",
        ),
        "test_a_foreign_key_is_drift_after_a_refresh_and_the_next_up_replaces_it": ("file",),
        "test_a_key_replaced_alone_is_published_by_the_next_up": ("stack",),
        "test_a_mismatch_is_found_by_refresh_and_healed_with_the_same_key": ("stack",),
        "test_a_tainted_key_is_rotated": ("file",),
        "test_each_resource_can_be_replaced_by_force": (
            "stack-KeyRing",
            "file-EncryptionKey",
            "stack-KeyRegistration",
        ),
        "test_without_deploy_an_endpoint_that_restarts_with_its_old_environment_opens_forms_until_the_next_rotation": (
            "the first four words-the second four words",
        ),
    },
    "stack/test_many_numbers.py": {
        "test_an_account_comes_and_goes_in_place": ("file",),
        "test_the_other_numbers_are_finished_and_saved_when_one_accounts_token_is_bad": ("stack",),
        "test_the_other_numbers_are_rotated_when_one_accounts_token_is_bad": ("file",),
    },
    "stack/test_other_process.py": {
        "test_a_rotation_that_moves_to_another_account_leaves_nothing_to_do": ("generated passphrase",),
        "test_one_that_deletes_first_in_another_process_keeps_the_served_key_though_force_destroy_is_set": (
            "by a transform",
        ),
    },
    "stack/test_policy_pack.py": {
        "test_a_key_without_any_argument_breaks_the_policies_in_a_preview_and_in_an_exported_state": ("Python",),
        "test_a_number_as_the_policies_want_it_passes": ("YAML",),
    },
    "stack/test_previews.py": {
        "test_a_key_that_is_adopted": ("the stack",),
        "test_a_key_that_is_staged_and_not_published": ("a file",),
        "test_a_number_that_was_registered_anew": ("the stack",),
        "test_a_rotation_that_is_due": ("the stack",),
        "test_a_rotation_that_is_near": ("a file",),
        "test_another_key_at_meta": ("a file",),
        "test_another_number": ("a file",),
        "test_nothing_to_do": ("the stack",),
        "test_what_is_only_recorded": ("a file",),
    },
    "stack/test_recovery_pages.py": {
        "test_a_lost_state_is_made_anew_from_the_store": ("with a passphrase",),
    },
    "stack/test_registered_key.py": {
        "test_what_is_wrong_is_one_sentence": (
            "wrong token",
            "unknown",
        ),
    },
    "stack/test_resource_options.py": {
        "test_a_provider_may_come_by_every_way": ("providers=[account]",),
        "test_an_alias_keeps_the_key_of_what_was_moved": (
            "moved under a parent, and renamed-stack",
            "renamed-file",
        ),
    },
    "stack/test_stack_store.py": {
        "test_of_two_runs_at_once_the_second_is_told_that_the_stack_is_locked": ("stack",),
    },
    "stack/test_stores.py": {
        "test_destroy_soft_deletes_and_the_next_up_restores_and_rotates": ("vault",),
    },
    "stack/test_targets.py": {
        "test_a_part_of_a_rotation_does_what_the_page_says_and_the_next_up_does_the_rest": (
            "--target EncryptionKey::line",
            "--target **FlowEncryption** --target-dependents",
            "--exclude KeyRegistration::line",
            "--target-replace EncryptionKey::line",
        ),
    },
    "stack/test_upgrade.py": {
        "test_a_refresh_finds_no_drift_and_a_destroy_lets_all_go": (
            "0.1.0-367beb0-stack-store",
            "0.1.0-a9a32f2-file-with-backup",
            "0.1.0-a9a32f2-unfinished-rotation",
        ),
        "test_a_rotation_keeps_the_old_keys_readable": (
            "0.1.0-367beb0-file-with-backup",
            "0.1.0-367beb0-unfinished-rotation",
            "0.1.0-a9a32f2-stack-store",
        ),
    },
    "tools/test_pythons.py": {"test_the_units_pass_on_the_oldest_and_the_newest": ("where they differed",)},
}
"""The rows that `make test` makes of a test that is made of more."""

WHOLE: dict[str, str] = {
    "stack/native/test_registrars.py::test_a_function_says_what_aws_says_is_served": "component/test_registrars.py",
    "stack/native/test_typescript_page.py::test_the_example_runs_and_rotates": (
        "stack/native/test_typescript_page.py::test_the_page_is_typed_and_prints_what_it_shows"
    ),
    "tools/test_bench.py::test_a_quick_run_compares_the_kit_with_cryptography_serves_it_and_writes_nothing": (
        "tools/test_bench_server.py"
    ),
    "unit/test_mutants.py::test_a_defect_that_a_test_notices_is_told_from_one_that_none_does": "unit/test_mutants.py",
    "stack/test_bench.py::test_an_interrupt_ends_the_bench_and_all_that_it_started": "tools/test_bench_server.py",
    "stack/test_bench.py::test_requests_are_counted_for_each_operation_and_nothing_to_do_makes_none": (
        "stack/test_lifecycle.py::test_a_second_up_changes_nothing_and_asks_nobody"
    ),
    "stack/test_bench.py::test_the_memory_is_that_of_a_python_process_which_runs_the_providers": (
        "tools/test_bench_stacks.py"
    ),
    "stack/test_live_traffic.py::test_in_a_kubernetes_secret_no_form_fails_with_the_pages_roles": (
        "stack/test_live_traffic.py::test_on_openbao_no_form_fails_though_nobody_restarts_the_endpoint"
    ),
    "stack/test_live_traffic.py::test_in_google_secret_manager_no_form_fails_though_latest_lags": (
        "stack/test_live_traffic.py::test_on_openbao_no_form_fails_though_nobody_restarts_the_endpoint"
    ),
}
"""Tests that `make test` leaves out altogether, each with the test, or file of tests, that it makes instead."""


def is_long(item: pytest.Item) -> bool:
    """Whether it is listed here."""
    test, _, row = item.nodeid.partition("@")[0].removeprefix("tests/").removesuffix("]").partition("[")
    file, _, function = test.partition("::")
    return test in WHOLE or row not in ROWS.get(file, {}).get(function, (row,))
