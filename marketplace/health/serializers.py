"""Health in the words of the API."""

from rest_framework import serializers

from marketplace.api.serializers import CamelCaseSerializer


class LiveSerializer(CamelCaseSerializer):
    """The process answers."""

    status = serializers.CharField()


class HealthSerializer(CamelCaseSerializer):
    """`ok` or `down` for each part; `status` is `degraded` while requests are served and a program behind is silent."""

    status = serializers.CharField()
    database = serializers.CharField()
    cache = serializers.CharField()
    broker = serializers.CharField()
    worker = serializers.CharField()
    webhooks = serializers.CharField()
    beat = serializers.CharField()
