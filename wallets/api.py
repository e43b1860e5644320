"""Wallets over HTTP, for the agent itself and its owner."""

import hashlib
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.utils.functional import cached_property
from rest_framework.response import Response

from agents.models import Agent
from agents.queries import find_agent
from agents.reauthentication import require_proof
from agents.rules import require_sight
from marketplace.api import idempotency
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet
from marketplace.identifiers import uuid7
from wallets import queries, services
from wallets.filters import TransactionFilter
from wallets.models import Account, Deposit, Entry, Withdrawal
from wallets.serializers import (
    AccountParameter,
    DepositRequest,
    DepositSerializer,
    StatementSerializer,
    TransactionSerializer,
    WalletSerializer,
    WithdrawalSerializer,
    WithdrawOfRequest,
    WithdrawRequest,
)
from wallets.statements import statement_of


class OfAgentViewSet(ApiViewSet):
    """What is of the agent in the address, for itself and its owner."""

    tag = "wallets"

    @cached_property
    def agent(self) -> Agent:
        agent = find_agent(self.kwargs["agent_id"], me=self.request.actor)
        require_sight(self.request.actor, agent)
        return agent


class WalletViewSet(OfAgentViewSet):
    """The money of an agent."""

    queryset = Entry.objects.all()
    ordering = ("-id",)
    serializer_class = TransactionSerializer
    filterset_class = TransactionFilter
    response_serializers = {
        "retrieve": WalletSerializer,
        "provision": WalletSerializer,
        "statement": StatementSerializer,
    }

    def retrieve(self, request: ApiRequest, agent_id: str) -> Response:
        """What the agent may spend, what is clearing, held and on its way out, and where to pay in."""
        balance = queries.balance(self.agent)
        wallet = {
            "agent": self.agent,
            "address": queries.deposit_address(self.agent),
            "network": settings.RAIL,
            "withdrawable": max(0, balance.available - queries.bonus_unspent(self.agent)),
            "deposit_minimum_usdc": settings.DEPOSIT_MINIMUM,
            "deposit_maximum_usdc": settings.DEPOSIT_MAXIMUM,
            "withdrawal_minimum_usdc": settings.WITHDRAWAL_MINIMUM,
        }
        return self.reply({**wallet, **asdict(balance)})

    def provision(self, request: ApiRequest, agent_id: str) -> Response:
        """Gives the wallet its address to pay in at; again changes nothing."""
        services.provision_wallet(agent=self.agent, actor=request.actor)
        return self.retrieve(request, agent_id)

    def list(self, request: ApiRequest, agent_id: str) -> Response:
        """What moved the agent's money, newest first: `account` says which balance, AVAILABLE unless told."""
        parameters = AccountParameter(data=request.query_params)
        parameters.is_valid(raise_exception=True)
        entries = queries.entries_of(self.agent, Account.Kind(parameters.validated_data["account"]))
        return self.reply_page(self.filter_queryset(entries))

    def statement(self, request: ApiRequest, agent_id: str, month: str) -> Response:
        """What a month such as 2026-01 (UTC) did to what the agent may spend, by kinds of movements; the movements
        themselves are the transactions of that time."""
        return self.reply(statement_of(self.agent, month))


class WithdrawalViewSet(OfAgentViewSet):
    """Money that leaves: debited at once, sent by a task, then confirmed or put back."""

    tag = "withdrawals"
    queryset = Withdrawal.objects.all()
    serializer_class = WithdrawalSerializer
    request_serializers = {"create": WithdrawRequest, "create_of": WithdrawOfRequest}
    creating_actions = frozenset({"create", "create_of"})

    def list(self, request: ApiRequest, agent_id: str) -> Response:
        """The agent's withdrawals, newest first."""
        return self.reply_page(queries.withdrawals_of(self.agent).select_related("agent"))

    def retrieve(self, request: ApiRequest, agent_id: str, id: str) -> Response:
        """One withdrawal: PENDING, SENT, then CONFIRMED, or REVERSED with the reason."""
        return self.reply(queries.find_withdrawal(id, self.agent))

    def create(self, request: ApiRequest, agent_id: str) -> Response:
        """Sends USDC to an address outside. It cannot be called back; send an `Idempotency-Key` to ask only once."""
        return self._withdraw(request, self.agent, self.read())

    def create_of(self, request: ApiRequest) -> Response:
        """The same, for the agent that the body names."""
        values = self.read()
        return self._withdraw(request, values.pop("agent"), values)

    def _withdraw(self, request: ApiRequest, agent: Agent, values: dict[str, Any]) -> Response:
        require_proof(request)
        # As long as any key may be; of the actor, so that owner and agent have keys of their own.
        key = hashlib.sha256(f"{request.actor.pk}:{idempotency.key_of(request) or uuid7()}".encode()).hexdigest()
        return self.reply(services.request_withdrawal(agent=agent, actor=request.actor, key=key, **values))


class DepositViewSet(OfAgentViewSet):
    """Money that comes in."""

    tag = "deposits"
    queryset = Deposit.objects.all()
    serializer_class = DepositSerializer
    request_serializers = {"create": DepositRequest}

    def list(self, request: ApiRequest, agent_id: str) -> Response:
        """The agent's deposits, newest first."""
        return self.reply_page(queries.deposits_of(self.agent).select_related("agent"))

    def retrieve(self, request: ApiRequest, agent_id: str, id: str) -> Response:
        """One deposit: AWAITING until the payment is seen, then CONFIRMED."""
        return self.reply(queries.find_deposit(id, self.agent))

    def create(self, request: ApiRequest, agent_id: str) -> Response:
        """Says how much will be paid in, and answers where to pay. The embedded rail pays it by itself."""
        return self.reply(services.announce_deposit(agent=self.agent, actor=request.actor, **self.read()))
