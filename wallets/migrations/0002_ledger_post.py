"""The function behind `wallets.ledger.post`: a whole transfer in one round trip."""

from django.db import migrations

LEDGER_ACCOUNT = """
CREATE FUNCTION ledger_account(account_kind text, account_owner uuid, account_job uuid) RETURNS bigint
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
    IF found_id IS NOT NULL THEN
        RETURN found_id;
    END IF;
    -- Opened when first used. A system account has neither owner nor job, and carries no balance.
    INSERT INTO wallets_account (kind, owner_id, job_id, balance)
    VALUES (account_kind, account_owner, account_job,
            CASE WHEN coalesce(account_owner, account_job) IS NOT NULL THEN 0 END)
    ON CONFLICT DO NOTHING;
    RETURN ledger_account(account_kind, account_owner, account_job);
END
$$;
"""

LEDGER_POST = """
CREATE FUNCTION ledger_post(transfer uuid, transfer_kind text, transfer_key text, transfer_job uuid, legs jsonb)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    accounts bigint[];
    amounts bigint[];
BEGIN
    INSERT INTO wallets_transfer (id, kind, key, job_id)
    VALUES (transfer, transfer_kind, transfer_key, transfer_job) ON CONFLICT (key) DO NOTHING;
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

    SELECT array_agg(ledger_account(leg.kind, leg.owner, leg.job)), array_agg(leg.amount) INTO accounts, amounts
      FROM jsonb_to_recordset(legs) AS leg(kind text, owner uuid, job uuid, amount bigint);

    -- One order everywhere, by id, so that opposite transfers wait for each other instead of deadlocking; and before
    -- the entries get their ids, so that the ids of an account's entries follow its balance.
    PERFORM 1 FROM wallets_account
      WHERE id = ANY (accounts) AND balance IS NOT NULL ORDER BY id FOR NO KEY UPDATE;

    INSERT INTO wallets_entry (transfer_id, account_id, amount)
    SELECT transfer, leg.account, leg.amount FROM unnest(accounts, amounts) AS leg(account, amount) ORDER BY leg.account;
    RETURN true;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("wallets", "0001_initial")]

    operations = [
        migrations.RunSQL(LEDGER_ACCOUNT, "DROP FUNCTION ledger_account(text, uuid, uuid)"),
        migrations.RunSQL(LEDGER_POST, "DROP FUNCTION ledger_post(uuid, text, text, uuid, jsonb)"),
    ]
