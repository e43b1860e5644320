-- The same limit on the product's own tables, with their foreign keys, triggers and checks: what one call a transfer
-- costs PostgreSQL when it keeps the books sound itself. No account is looked up by name, and a used key is an error.
CREATE SEQUENCE limit_number;
INSERT INTO wallets_account (kind, owner_id, balance)
SELECT 'AVAILABLE', id, 0 FROM agents_agent ON CONFLICT DO NOTHING;
INSERT INTO wallets_account (kind) VALUES ('FEES') ON CONFLICT DO NOTHING;
CREATE TABLE limit_job AS
SELECT row_number() OVER () AS number, job.id AS job, job.poster_id AS poster, payer.id AS payer, worker.id AS worker,
       fees.id AS fees
  FROM jobs_job job
  JOIN wallets_account payer ON payer.owner_id = job.payer_id AND payer.kind = 'AVAILABLE'
  JOIN wallets_account worker ON worker.owner_id = job.worker_id AND worker.kind = 'AVAILABLE'
  JOIN wallets_account fees ON fees.kind = 'FEES';
ALTER TABLE limit_job ADD PRIMARY KEY (number);

CREATE FUNCTION hold(price bigint, OUT number bigint, OUT escrow bigint) LANGUAGE plpgsql AS $$
DECLARE
    transfer uuid := uuidv7();
    deal limit_job;
BEGIN
    number := nextval('limit_number');
    SELECT * INTO STRICT deal FROM limit_job WHERE limit_job.number = hold.number;
    INSERT INTO wallets_account (kind, job_id, balance) VALUES ('ESCROW', deal.job, 0) RETURNING id INTO escrow;
    INSERT INTO wallets_transfer (id, kind, key, job_id)
    VALUES (transfer, 'ESCROW_HOLD', 'job:' || deal.job || ':hold', deal.job);
    INSERT INTO wallets_entry (transfer_id, account_id, amount)
    VALUES (transfer, deal.payer, -price), (transfer, escrow, price);
    PERFORM tell('job.assigned', deal.job, deal.poster);
END
$$;

CREATE FUNCTION release(deal_number bigint, escrow bigint, price bigint, fee bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    transfer uuid := uuidv7();
    deal limit_job;
BEGIN
    SELECT * INTO STRICT deal FROM limit_job WHERE number = deal_number;
    INSERT INTO wallets_transfer (id, kind, key, job_id)
    VALUES (transfer, 'ESCROW_RELEASE', 'job:' || deal.job || ':release', deal.job);
    INSERT INTO wallets_entry (transfer_id, account_id, amount)
    VALUES (transfer, escrow, -price), (transfer, deal.worker, price - fee), (transfer, deal.fees, fee);
    PERFORM tell('job.approved', deal.job, deal.poster);
END
$$;

-- The body is as long as ours, about 400 bytes.
CREATE FUNCTION tell(what text, job uuid, actor uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO events_event (uid, type, job_id, actor_id, audience, data, body) VALUES (
        uuidv7(), what, job, actor, '{}',
        '{"to": "ASSIGNED", "from": "OPEN", "title": "Summarise a report", "status": "ASSIGNED", "budgetUsdc": "100.000000", "amountUsdc": "80.000000"}',
        convert_to(repeat('0123456789', 40), 'UTF8')
    );
$$;
