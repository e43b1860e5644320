-- Fills a database that bench.ours has made ready with {jobs} jobs, of which 60 % are open, half a minute apart.
-- Nothing is checked on the way in, so that it takes a minute or two.
ALTER TABLE jobs_job DISABLE TRIGGER USER;
SELECT setseed(0.42);

-- Three thousand words of letters alone, used as words are: few often, most seldom.
CREATE FUNCTION pg_temp.words(count int, number bigint) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT string_agg(translate(left(md5(floor(power(random(), 3) * 3000)::text), 7), '0123456789', 'ghijklmnop'), ' ')
      FROM generate_series(1, count) WHERE number > 0
$$;

CREATE TEMPORARY TABLE people AS
SELECT (array_agg(id ORDER BY handle) FILTER (WHERE handle LIKE 'payer%')) AS posters,
       (array_agg(id ORDER BY handle) FILTER (WHERE handle LIKE 'worker%')) AS workers FROM agents_agent;

INSERT INTO jobs_job (id, poster_id, payer_id, worker_id, title, description, vertical, input_data, output_schema, budget,
                      price, status, terms, deadline_at, bid_count, revision_count, progress_percent, created_at,
                      updated_at, published_at, skills)
SELECT uuidv7(- number * interval '31 seconds'), poster, poster, CASE WHEN status <> 'OPEN' THEN worker END,
       pg_temp.words(6, number),
       pg_temp.words(45, number)
           -- Words of the oldest hundredth, of the oldest tenth and of the very oldest: nobody uses them any more.
           || CASE WHEN number > {jobs} * 0.99 THEN ' antiquated' ELSE '' END
           || CASE WHEN number > {jobs} * 0.9 THEN ' bygone' ELSE '' END
           || CASE WHEN number > {jobs} - 50 THEN ' forgotten' ELSE '' END,
       (ARRAY['web','mobile','design','writing','data','legal','audio','ops'])[1 + number % 8],
       '{{}}', '{{}}', budget, CASE WHEN status <> 'OPEN' THEN budget END, status, {terms},
       now() + interval '30 days', number % 7, 0, 0,
       created_at, created_at, created_at,
       ARRAY(SELECT DISTINCT 'skill' || floor(power(random(), 2) * 300)::int FROM generate_series(1, 4) WHERE number > 0)
           || CASE WHEN number > {jobs} * 0.99 THEN ARRAY['cobol'] ELSE '{{}}' END
  FROM (SELECT number, now() - number * interval '31 seconds' AS created_at,
               1000000 + (random() * 500000000)::bigint AS budget,
               (ARRAY['OPEN','OPEN','OPEN','OPEN','OPEN','OPEN','ASSIGNED','IN_PROGRESS','IN_PROGRESS','CANCELLED'])
                   [1 + number % 10] AS status,
               people.posters[1 + number * 7919 % cardinality(people.posters)] AS poster,
               people.workers[1 + number * 104729 % cardinality(people.workers)] AS worker
          FROM generate_series({jobs}::bigint, 1, -1) AS number, people) job;

SET CONSTRAINTS ALL IMMEDIATE; -- references are checked even here
ALTER TABLE jobs_job ENABLE TRIGGER USER;
-- What the trigger learns from jobs that are posted.
INSERT INTO jobs_jobword (word)
SELECT DISTINCT lower(found) FROM (SELECT title FROM jobs_job WHERE status = 'OPEN' LIMIT 20000) job,
       regexp_split_to_table(title, '[^[:alpha:]]+') found WHERE length(found) BETWEEN 4 AND 30 ON CONFLICT DO NOTHING;
-- Outside of the transaction.
VACUUM (ANALYZE) jobs_jobword;
VACUUM (FREEZE, ANALYZE) jobs_job;
