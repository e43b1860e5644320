-- pgbench: one hold and one release, a call and a transaction each. -D people=…
\set payer random(2, 1 + :people)
\set worker random(2 + :people, 1 + 2 * :people)
\set price random(1000, 100000)
\set fee :price / 20
SELECT job, escrow FROM hold(:payer, :price) \gset
SELECT release(:escrow, :worker, :price, :fee, :job);
