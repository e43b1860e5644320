from agents.oauth.api import AuthViewSet, OauthViewSet
from marketplace.api.viewsets import OptionalSlashRouter

router = OptionalSlashRouter()
router.register("oauth", OauthViewSet, "oauth")
router.register("auth", AuthViewSet, "auth")
urlpatterns = router.urls
