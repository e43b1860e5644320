"""What is checked at every movement is checked without parsing conditions anew: a quarter of a transfer's time."""

from importlib import import_module

import django.contrib.postgres.indexes
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

fourth = import_module("wallets.migrations.0004_ledger_post_with_note")

BEFORE = fourth.LEDGER_POST.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
LEDGER_POST = BEFORE.replace("EXISTS (SELECT FROM unnest(keeps) AS keep WHERE keep > 0)", "0 < ANY (keeps)")


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0003_harder_rows"),
        ("wallets", "0007_withdrawal_prepared_at"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="account",
            name="freeze_accounts",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="account",
            name="open_empty",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="entry",
            name="transfer_balances",
        ),
        migrations.RemoveConstraint(
            model_name="account",
            name="account_is_owned_as_its_kind_says",
        ),
        migrations.RemoveIndex(
            model_name="transfer",
            name="transfer_by_time",
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["created_at"], name="transfer_by_time"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="freeze_accounts",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='RAISE EXCEPTION \'pgtrigger: Cannot update of "id", "kind", "owner_id", "job_id", "created_at" rows from % table\', TG_TABLE_NAME;',
                    hash="43c5ce3ccb1051f55abd82675e5b4c1c65558bd8",
                    operation='UPDATE OF "id", "kind", "owner_id", "job_id", "created_at"',
                    pgid="pgtrigger_freeze_accounts_9e4f0",
                    table="wallets_account",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="account",
            trigger=pgtrigger.compiler.Trigger(
                name="open_as_its_kind_says",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF NEW.balance <> 0 THEN\n                        RAISE EXCEPTION 'an account is opened empty' USING ERRCODE = 'integrity_constraint_violation';\n                    END IF;\n                    IF NOT (CASE\n                        WHEN NEW.kind IN ('AVAILABLE', 'CLEARING', 'WITHDRAWING')\n                        THEN NEW.owner_id IS NOT NULL AND NEW.job_id IS NULL AND NEW.balance IS NOT NULL\n                        WHEN NEW.kind = 'ESCROW'\n                        THEN NEW.owner_id IS NULL AND NEW.job_id IS NOT NULL AND NEW.balance IS NOT NULL\n                        WHEN NEW.kind IN ('DEPOSITS', 'WITHDRAWALS', 'FEES', 'BONUSES', 'ADJUSTMENTS')\n                        THEN num_nonnulls(NEW.owner_id, NEW.job_id, NEW.balance) = 0\n                        ELSE false\n                    END) THEN\n                        RAISE EXCEPTION 'an account is owned as its kind says'\n                            USING ERRCODE = 'integrity_constraint_violation';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="5234eac173cd22baf03a33f2c5e23976aeb99bbd",
                    operation="INSERT",
                    pgid="pgtrigger_open_as_its_kind_says_2523f",
                    table="wallets_account",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="entry",
            trigger=pgtrigger.compiler.Trigger(
                name="transfer_balances",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE unbalanced uuid;",
                    func="\n                    SELECT transfer_id INTO unbalanced FROM made GROUP BY transfer_id HAVING sum(amount) <> 0 LIMIT 1;\n                    IF FOUND THEN\n                        RAISE EXCEPTION 'transfer % does not balance', unbalanced\n                            USING ERRCODE = 'integrity_constraint_violation';\n                    END IF;\n                    RETURN NULL;\n                ",
                    hash="54bb6cc9732da9bd50b7bb21f9c691a7d8cd63da",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_transfer_balances_34ef0",
                    referencing="REFERENCING NEW TABLE AS made ",
                    table="wallets_entry",
                    when="AFTER",
                ),
            ),
        ),
        migrations.RunSQL(LEDGER_POST, BEFORE),
    ]
