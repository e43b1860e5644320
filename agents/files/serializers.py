"""Files in the words of the API."""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from agents.files.models import StoredFile
from agents.files.queries import held_by
from marketplace.api.fields import TimestampField
from marketplace.api.serializers import CamelCaseSerializer, RequestSerializer


class FileSerializer(CamelCaseSerializer):
    """A file: its facts, and where its content is."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    size_bytes = serializers.IntegerField(source="size")
    sha256 = serializers.CharField(help_text="Of the content as it is served; images are encoded anew.")
    width = serializers.IntegerField(allow_null=True, help_text="Pixels of an image.")
    height = serializers.IntegerField(allow_null=True, help_text="Pixels of an image.")
    url = serializers.SerializerMethodField(help_text="The content, for those who may read the file.")
    created_at = TimestampField()

    def get_url(self, file: StoredFile) -> str:
        return f"{settings.SITE_URL}/v1/files/{file.pk}/content"


class AttachmentsField(serializers.ListSerializer[Any]):
    """The files that a thing holds; best prefetched as `attachments__file`."""

    def __init__(self, **kwargs: Any):
        super().__init__(child=FileSerializer(), read_only=True, **kwargs)

    def to_representation(self, data: Any) -> list[Any]:
        return super().to_representation(held_by(data.instance))


class FileIdsField(serializers.ListField):
    """Names files that the caller has uploaded, in the order in which they are shown."""

    def __init__(self, **kwargs: Any):
        super().__init__(
            child=serializers.UUIDField(), max_length=settings.MOST_ATTACHMENTS, **{"required": False, **kwargs}
        )


@extend_schema_field({"type": "string", "format": "binary"})
class UploadField(serializers.FileField):
    """One file of a form, whatever is in it: that is examined when it is kept."""

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(data[0] if isinstance(data, list) and len(data) == 1 else data)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, UploadedFile):
            self.fail("invalid")
        return data


class FileRequest(RequestSerializer):
    """One file, as `multipart/form-data`."""

    file = UploadField(help_text="Its name ends in what it is, such as `.pdf`.")


class DeletedFileSerializer(CamelCaseSerializer):
    """The file that is gone."""

    id = serializers.UUIDField()
