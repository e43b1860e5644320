from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from wallets.models import Withdrawal
from wallets.rails.base import RailUnavailable


class Command(BaseCommand):
    help = "Shows what the hot wallet has and what it is at; adopts what it did elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rail", default="evm", help="Its name in settings.RAILS (default: evm).")
        parser.add_argument("--adopt", metavar="HASH", help="A transaction of the hot wallet that is not stored here.")
        parser.add_argument("--withdrawal", metavar="ID", help="What it was for, if its nonce is not stored either.")
        parser.add_argument(
            "--catch-up", action="store_true", help="After a backup was restored: pass over the nonces used since."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from wallets.rails.evm.rail import open_evm_rail
        from wallets.rails.evm.reports import hot_wallet_report
        from wallets.rails.evm.transactions import NotOurs

        try:
            rail = open_evm_rail(options["rail"])
            if options["adopt"]:
                paid = Withdrawal.objects.get(pk=options["withdrawal"]) if options["withdrawal"] else None
                rail.transactions.adopt(options["adopt"], withdrawal=paid)
            if options["catch_up"]:
                rail.transactions.catch_up()
            for line in hot_wallet_report(rail):
                self.stdout.write(line)
        except (RailUnavailable, NotOurs, LookupError, Withdrawal.DoesNotExist, ValidationError) as error:
            raise CommandError(str(error)) from None
