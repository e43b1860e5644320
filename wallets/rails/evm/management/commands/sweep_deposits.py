from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.errors import Invalid
from marketplace.money import parse_usdc
from wallets.rails.base import RailUnavailable


class Command(BaseCommand):
    help = "Moves what was paid in at deposit addresses to the hot wallet. Meant to be run every hour or so."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rail", default="evm", help="Its name in settings.RAILS (default: evm).")
        parser.add_argument("--minimum", default="10", help="USDC on an address that are worth the gas (default: 10).")

    def handle(self, *args: Any, **options: Any) -> None:
        from wallets.rails.evm.rail import open_evm_rail
        from wallets.rails.evm.sweeping import sweep

        try:
            begun = sweep(open_evm_rail(options["rail"]), minimum=parse_usdc(options["minimum"], "minimum"))
        except (RailUnavailable, Invalid, LookupError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{begun} sweeps begun.")
