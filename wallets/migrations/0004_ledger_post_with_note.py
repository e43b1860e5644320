"""`ledger_post` keeps a note and, where a leg says so, leaves that much in the account that gives."""

from importlib import import_module

from django.db import migrations

first = import_module("wallets.migrations.0002_ledger_post")

LEDGER_POST = """
CREATE FUNCTION ledger_post(
    transfer uuid, transfer_kind text, transfer_key text, transfer_job uuid, legs jsonb, transfer_note text
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    accounts bigint[];
    amounts bigint[];
    keeps bigint[];
    short record;
BEGIN
    INSERT INTO wallets_transfer (id, kind, key, job_id, note)
    VALUES (transfer, transfer_kind, transfer_key, transfer_job, transfer_note) ON CONFLICT (key) DO NOTHING;
    IF NOT FOUND THEN
        PERFORM 1 FROM wallets_transfer made
          WHERE key = transfer_key AND kind = transfer_kind AND job_id IS NOT DISTINCT FROM transfer_job
            AND (SELECT sum(amount) FROM wallets_entry WHERE transfer_id = made.id AND amount > 0)
              = (SELECT sum(amount) FROM jsonb_to_recordset(legs) AS leg(amount bigint) WHERE amount > 0);
        IF FOUND THEN
            RETURN false;
        END IF;
        RAISE EXCEPTION 'transfer key % was another movement', transfer_key
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'ledger_post_key';
    END IF;

    SELECT array_agg(ledger_account(leg.kind, leg.owner, leg.job)), array_agg(leg.amount), array_agg(leg.keep)
      INTO accounts, amounts, keeps
      FROM jsonb_to_recordset(legs) AS leg(kind text, owner uuid, job uuid, amount bigint, keep bigint);

    -- One order everywhere, by id, so that opposite transfers wait for each other instead of deadlocking; and before
    -- the entries get their ids, so that the ids of an account's entries follow its balance.
    PERFORM 1 FROM wallets_account
      WHERE id = ANY (accounts) AND balance IS NOT NULL ORDER BY id FOR NO KEY UPDATE;

    FOR short IN
        SELECT account.balance - leg.keep AS free FROM unnest(accounts, amounts, keeps) AS leg(id, amount, keep)
          JOIN wallets_account account USING (id) WHERE account.balance + leg.amount < leg.keep
    LOOP
        RAISE EXCEPTION 'the account may give %', short.free
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_balance_not_negative',
                  DETAIL = greatest(short.free, 0)::text;
    END LOOP;

    INSERT INTO wallets_entry (transfer_id, account_id, amount)
    SELECT transfer, leg.account, leg.amount FROM unnest(accounts, amounts) AS leg(account, amount) ORDER BY leg.account;
    RETURN true;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("wallets", "0003_every_movement")]

    operations = [
        migrations.RunSQL("DROP FUNCTION ledger_post(uuid, text, text, uuid, jsonb)", first.LEDGER_POST),
        migrations.RunSQL(LEDGER_POST, "DROP FUNCTION ledger_post(uuid, text, text, uuid, jsonb, text)"),
    ]
