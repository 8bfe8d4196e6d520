"""What a model that is written as text, rather than chosen, has to be."""

from django.core.exceptions import ValidationError

from providers.models import MODEL_NAME, Provider, ProviderModel
from routing.wildcards import WILDCARD


def objection_to_model(provider: Provider, model: str) -> str | None:
    """Why requests cannot be sent to this model, or None. What holds a `*` is known only when it is asked for."""
    try:
        MODEL_NAME(model)
    except ValidationError as exc:
        return str(exc.message)
    if WILDCARD in model or provider.takes_any_model:
        return None
    if provider.pk and ProviderModel.objects.filter(provider=provider, name=model).exists():
        return None
    return (
        f"The provider “{provider}” has no model “{model}”. Add it to the provider’s models, "
        "or let the provider take any model."
    )
