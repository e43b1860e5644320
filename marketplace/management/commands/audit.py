import sys
from itertools import chain
from typing import Any

from django.core.management import BaseCommand

from jobs.audit import escrow_findings
from wallets.audit import LEDGER_CHECKS, ledger_findings


class Command(BaseCommand):
    help = "Proves the books: exits with 1 and names the offending rows if they are not sound."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(chain(ledger_findings(), escrow_findings()))
        for finding in findings:
            self.stderr.write(f"✗ {finding.check}: {finding.subject}: {finding.detail}")
        if findings:
            sys.exit(1)
        self.stdout.write(f"✓ The books are sound ({len(LEDGER_CHECKS) + 1} checks).")
