-- pgbench: one hold and one release on the product's tables, a call and a transaction each.
\set price random(1000, 100000)
\set fee :price / 20
SELECT number, escrow FROM hold(:price) \gset
SELECT release(:number, :escrow, :price, :fee);
