"""`ledger_post` keeps a note, leaves in an account what a leg says must stay there, and writes the transfer's event."""

from importlib import import_module

from django.db import migrations

first = import_module("wallets.migrations.0002_ledger_post")

LEDGER_ACCOUNT = """
CREATE OR REPLACE FUNCTION ledger_account(account_kind text, account_owner uuid, account_job uuid) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    found_id bigint;
BEGIN
    IF account_owner IS NOT NULL THEN
        SELECT id INTO found_id FROM wallets_account
         WHERE kind = account_kind AND owner_id = account_owner AND job_id IS NULL;
    ELSIF account_job IS NOT NULL THEN
        SELECT id INTO found_id FROM wallets_account
         WHERE kind = account_kind AND owner_id IS NULL AND job_id = account_job;
    ELSE
        SELECT id INTO found_id FROM wallets_account
         WHERE kind = account_kind AND owner_id IS NULL AND job_id IS NULL;
    END IF;
    IF found_id IS NULL THEN
        -- Opened when first used. A system account has neither owner nor job, and carries no balance.
        INSERT INTO wallets_account (kind, owner_id, job_id, balance)
        VALUES (account_kind, account_owner, account_job,
                CASE WHEN coalesce(account_owner, account_job) IS NOT NULL THEN 0 END)
        ON CONFLICT DO NOTHING RETURNING id INTO found_id;
        IF found_id IS NULL THEN  -- somebody else has just opened it
            RETURN ledger_account(account_kind, account_owner, account_job);
        END IF;
    END IF;
    RETURN found_id;
END
$$;
"""

LEDGER_POST = """
CREATE FUNCTION ledger_post(
    transfer uuid, transfer_kind text, transfer_key text, transfer_job uuid, transfer_note text,
    kinds text[], owners uuid[], jobs uuid[], amounts bigint[], keeps bigint[],
    event_uid uuid, event_type text, event_actor uuid, event_audience uuid[], event_data jsonb, event_body bytea
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    accounts bigint[];
    leg record;
BEGIN
    INSERT INTO wallets_transfer (id, kind, key, job_id, note)
    VALUES (transfer, transfer_kind, transfer_key, transfer_job, transfer_note) ON CONFLICT (key) DO NOTHING;
    IF NOT FOUND THEN
        PERFORM 1 FROM wallets_transfer made
          WHERE key = transfer_key AND kind = transfer_kind AND job_id IS NOT DISTINCT FROM transfer_job
            AND (SELECT array_agg((account_id, amount) ORDER BY account_id) FROM wallets_entry
                  WHERE transfer_id = made.id)
              = (SELECT array_agg((ledger_account(legs.kind, legs.owner, legs.job), legs.amount)
                        ORDER BY ledger_account(legs.kind, legs.owner, legs.job))
                   FROM unnest(kinds, owners, jobs, amounts) AS legs(kind, owner, job, amount));
        IF FOUND THEN
            RETURN false;
        END IF;
        RAISE EXCEPTION 'transfer key % was another movement', transfer_key
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'ledger_post_key';
    END IF;

    FOR number IN 1 .. cardinality(kinds) LOOP
        accounts[number] := ledger_account(kinds[number], owners[number], jobs[number]);
    END LOOP;

    -- Where something has to stay, ask before it moves.
    IF EXISTS (SELECT FROM unnest(keeps) AS keep WHERE keep > 0) THEN
        FOR leg IN
            SELECT account.balance - legs.keep AS free, account.balance + legs.amount < legs.keep AS is_short
              FROM unnest(accounts, amounts, keeps) AS legs(id, amount, keep) JOIN wallets_account account USING (id)
             WHERE account.balance IS NOT NULL ORDER BY account.id FOR NO KEY UPDATE OF account
        LOOP
            IF leg.is_short THEN
                RAISE EXCEPTION 'the account may give %', leg.free
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'account_balance_not_negative',
                          DETAIL = greatest(leg.free, 0)::text;
            END IF;
        END LOOP;
    END IF;

    -- One order everywhere, by account, so that opposite transfers wait for each other instead of deadlocking: each
    -- entry locks its account when it moves the balance.
    INSERT INTO wallets_entry (transfer_id, account_id, amount)
    SELECT transfer, legs.account, legs.amount FROM unnest(accounts, amounts) AS legs(account, amount)
     ORDER BY legs.account;

    IF event_uid IS NOT NULL THEN
        INSERT INTO events_event (uid, type, job_id, actor_id, audience, data, body)
        VALUES (event_uid, event_type, transfer_job, event_actor, event_audience, event_data, event_body);
    END IF;
    RETURN true;
END
$$;
"""
SIGNATURE = (
    "uuid, text, text, uuid, text, text[], uuid[], uuid[], bigint[], bigint[], uuid, text, uuid, uuid[], jsonb, bytea"
)


class Migration(migrations.Migration):
    dependencies = [("wallets", "0003_every_movement"), ("events", "0001_initial")]

    operations = [
        migrations.RunSQL("DROP FUNCTION ledger_post(uuid, text, text, uuid, jsonb)", first.LEDGER_POST),
        migrations.RunSQL(
            LEDGER_ACCOUNT, first.LEDGER_ACCOUNT.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        ),
        migrations.RunSQL(LEDGER_POST, f"DROP FUNCTION ledger_post({SIGNATURE})"),
    ]
