"""The gateway's paths. With and without /v1, with and without a slash at the end: clients differ."""

from django.urls import path, re_path

from gateway.views import health, metrics, models, openai

API = r"^/?(?:v1/)?"

urlpatterns = [
    re_path(API + r"chat/completions/?$", openai.ChatCompletions.as_view(), name="chat_completions"),
    re_path(API + r"completions/?$", openai.Completions.as_view(), name="completions"),
    re_path(API + r"embeddings/?$", openai.Embeddings.as_view(), name="embeddings"),
    re_path(API + r"models/?$", models.Models.as_view(), name="models"),
    re_path(API + r"models/(?P<name>.+?)/?$", models.OneModel.as_view(), name="model"),
    path("livez", health.alive, name="livez"),
    path("readyz", health.prepared, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", health.root, name="root"),
]
