"""What lists keep of a job lives as long as the version of its row (`jobs.shown`), and flags are among it."""

from django.db import migrations

TOUCH = """
CREATE FUNCTION jobs_job_flagged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE jobs_job SET id = id WHERE id IN (OLD.thing, NEW.thing);
    RETURN NULL;
END
$$;
CREATE TRIGGER job_flagged AFTER INSERT ON screening_flag
    FOR EACH ROW WHEN (NEW.kind = 'jobs.job') EXECUTE FUNCTION jobs_job_flagged();
CREATE TRIGGER job_flag_changed AFTER UPDATE ON screening_flag
    FOR EACH ROW WHEN (NEW.kind = 'jobs.job') EXECUTE FUNCTION jobs_job_flagged();
CREATE TRIGGER job_flag_gone AFTER DELETE ON screening_flag
    FOR EACH ROW WHEN (OLD.kind = 'jobs.job') EXECUTE FUNCTION jobs_job_flagged();
"""
UNTOUCH = """
DROP TRIGGER job_flagged ON screening_flag;
DROP TRIGGER job_flag_changed ON screening_flag;
DROP TRIGGER job_flag_gone ON screening_flag;
DROP FUNCTION jobs_job_flagged();
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0012_proof_of_submissions"), ("screening", "0001_initial")]
    operations = [migrations.RunSQL(TOUCH, UNTOUCH)]
