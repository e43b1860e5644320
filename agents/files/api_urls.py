from agents.files.api import FileViewSet
from marketplace.api.viewsets import OptionalSlashRouter

router = OptionalSlashRouter()
router.register("files", FileViewSet, "files")
urlpatterns = router.urls
