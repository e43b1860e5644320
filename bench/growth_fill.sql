-- Fills a database that bench.growth has made ready with finished jobs, their money and their events.
-- One wallet pays for every tenth job and works on four of ten: a tenth of all entries are its own.
-- Nothing is checked on the way in, so that it takes a minute; the books are checked when all is measured.
ALTER TABLE jobs_job DISABLE TRIGGER USER;
ALTER TABLE wallets_account DISABLE TRIGGER USER;
ALTER TABLE wallets_entry DISABLE TRIGGER USER;

CREATE TEMPORARY TABLE filled AS
SELECT number, number % 10 = 0 AS is_paid_by_it, number % 10 IN (1, 3, 5, 7) AS is_done_by_it,
       number > {jobs} - 20 AS is_held, -- the last twenty are not finished
       -- Spread over sixty days; an id says when it was made.
       interval '60 days' * (number - {jobs} - 1) / {jobs} AS ago,
       NULL::uuid AS job, NULL::uuid AS payer, NULL::uuid AS worker, NULL::uuid AS hold, NULL::uuid AS release
  FROM generate_series(1::bigint, {jobs}) AS number;
UPDATE filled SET
    job = uuidv7(ago), hold = uuidv7(ago), release = uuidv7(ago + interval '1 second'),
    payer = CASE WHEN is_paid_by_it OR is_held THEN the_wallet.id ELSE payers.ids[1 + number * 7919 % payers.count] END,
    worker = CASE WHEN is_done_by_it AND NOT is_held THEN the_wallet.id
             ELSE workers.ids[1 + number * 104729 % workers.count] END
  FROM (SELECT id FROM agents_agent WHERE handle = 'the-wallet') the_wallet,
       (SELECT array_agg(id) AS ids, count(*) FROM agents_agent WHERE handle LIKE 'payer%') payers,
       (SELECT array_agg(id) AS ids, count(*) FROM agents_agent WHERE handle LIKE 'worker%') workers;

INSERT INTO jobs_job (id, poster_id, payer_id, worker_id, title, description, vertical, input_data, output_schema, budget,
                      price, payout, status, terms, deadline_at, bid_count, revision_count, progress_percent, created_at,
                      published_at, assigned_at, started_at, submitted_at, completed_at)
SELECT job, payer, payer, worker, 'Summarise report ' || number, 'Ten lines at most.', '', '{{}}', '{{}}', {price},
       {price}, CASE WHEN NOT is_held THEN {price} - {price} / 20 END,
       CASE WHEN is_held THEN 'IN_PROGRESS' ELSE 'COMPLETED' END, {terms}, now() + interval '30 days', 0, 0, 0,
       now() + ago, now() + ago, now() + ago, now() + ago, CASE WHEN NOT is_held THEN now() + ago END,
       CASE WHEN NOT is_held THEN now() + ago END
  FROM filled ORDER BY number;

INSERT INTO wallets_account (kind, job_id, balance)
SELECT 'ESCROW', job, CASE WHEN is_held THEN {price} ELSE 0 END FROM filled ORDER BY number;
INSERT INTO wallets_account (kind, owner_id, balance)
SELECT 'AVAILABLE', id, 0 FROM agents_agent ON CONFLICT DO NOTHING;
INSERT INTO wallets_account (kind) VALUES ('FEES') ON CONFLICT DO NOTHING;

INSERT INTO wallets_transfer (id, kind, key, job_id, created_at)
SELECT hold, 'ESCROW_HOLD', 'job:' || job || ':hold', job, now() + ago FROM filled
UNION ALL
SELECT release, 'ESCROW_RELEASE', 'job:' || job || ':release', job, now() + ago FROM filled WHERE NOT is_held;

-- What each account had before the first of these entries.
CREATE TEMPORARY TABLE had AS SELECT id, balance FROM wallets_account WHERE kind = 'AVAILABLE';
CREATE UNIQUE INDEX ON had (id);

INSERT INTO wallets_entry (transfer_id, account_id, amount, balance_after)
SELECT transfer, leg.account, amount,
       coalesce(had.balance, 0) + sum(amount) OVER (PARTITION BY leg.account ORDER BY number, step) FROM (
    SELECT number, 1 AS step, hold AS transfer, account.id AS account, -{price} AS amount
      FROM filled JOIN wallets_account account ON account.owner_id = payer AND account.kind = 'AVAILABLE'
    UNION ALL
    SELECT number, 2, hold, account.id, {price} FROM filled JOIN wallets_account account ON account.job_id = job
    UNION ALL
    SELECT number, 3, release, account.id, -{price}
      FROM filled JOIN wallets_account account ON account.job_id = job WHERE NOT is_held
    UNION ALL
    SELECT number, 4, release, account.id, {price} - {price} / 20
      FROM filled JOIN wallets_account account ON account.owner_id = worker AND account.kind = 'AVAILABLE'
     WHERE NOT is_held
) leg LEFT JOIN had ON had.id = leg.account ORDER BY number, step;
INSERT INTO wallets_entry (transfer_id, account_id, amount)
SELECT release, fees.id, {price} / 20 FROM filled, wallets_account fees WHERE fees.kind = 'FEES' AND NOT is_held;

UPDATE wallets_account SET balance = moved.sum
  FROM (SELECT account_id, sum(amount) FROM wallets_entry GROUP BY account_id) moved
 WHERE moved.account_id = wallets_account.id AND kind = 'AVAILABLE';

INSERT INTO events_event (uid, type, job_id, actor_id, audience, data, body, created_at, relayed_at)
SELECT uuidv7(ago), type, job, payer, ARRAY[payer, worker], '{{}}',
       convert_to(json_build_object('id', uuidv7(ago), 'type', type)::text, 'UTF8'), now() + ago, now()
  FROM filled, unnest(ARRAY['job.assigned', 'job.approved']) AS type ORDER BY number;

SET CONSTRAINTS ALL IMMEDIATE; -- references are checked even here
ALTER TABLE jobs_job ENABLE TRIGGER USER;
ALTER TABLE wallets_account ENABLE TRIGGER USER;
ALTER TABLE wallets_entry ENABLE TRIGGER USER;
