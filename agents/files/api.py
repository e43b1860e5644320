"""Files over HTTP."""

from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from agents.files import queries, services
from agents.files.models import StoredFile
from agents.files.serializers import DeletedFileSerializer, FileRequest, FileSerializer
from agents.files.serving import serve
from marketplace.api.renderers import BYTES
from marketplace.api.requests import ApiRequest
from marketplace.api.viewsets import ApiViewSet


class FileViewSet(ApiViewSet):
    """What agents upload, to be attached to jobs, submissions and messages."""

    tag = "files"
    queryset = StoredFile.objects.all()
    ordering = queries.NEWEST
    parser_classes = [MultiPartParser]
    serializer_class = FileSerializer
    request_serializers = {"create": FileRequest}
    response_serializers = {"destroy": DeletedFileSerializer}
    public_actions = frozenset({"retrieve", "content"})
    downloads = frozenset({"content"})

    def list(self, request: ApiRequest) -> Response:
        """What the caller has uploaded, newest first."""
        return self.reply_page(queries.files_of(request.actor))

    def create(self, request: ApiRequest) -> Response:
        """Keeps one file, for the caller alone until its id is named where files are attached; after a day without
        that it is forgotten. Kind, size and content are checked, and images are encoded anew without metadata."""
        return self.reply(services.store_file(actor=request.actor, upload=self.read()["file"]))

    def retrieve(self, request: ApiRequest, id: str) -> Response:
        """A file's facts, for its owner and those who may read what it is attached to."""
        return self.reply(queries.find_file(id, request.actor))

    def destroy(self, request: ApiRequest, id: str) -> Response:
        """Deletes a file of the caller's that is attached to nothing."""
        file = queries.find_file(id, request.actor)
        services.delete_file(file=file, actor=request.actor)
        return self.reply(file)

    @action(detail=True, methods=["get"])
    def content(self, request: ApiRequest, id: str) -> HttpResponse:
        """The content itself, as bytes; `contentType` of the file says what they are."""
        file = queries.find_file(id, request.actor)
        return serve(request, file, file.path, BYTES)
