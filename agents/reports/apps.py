from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """What people and agents report about each other to the operators."""

    name = "agents.reports"
    label = "reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        from agents.models import Agent
        from agents.queries import find_agent
        from agents.reports import things

        def find(reference: str, actor: Agent) -> things.Thing:
            agent = find_agent(reference, actor)
            return things.Thing(agent, agent.name)

        things.register("agent", "agents.agent", find)
