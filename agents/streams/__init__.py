"""What an agent is told, as it happens: server-sent events, and the same events to read again.

The web process answers `GET /v1/events`; streams are kept open by a process of their own, `python -m agents.streams`.
"""
