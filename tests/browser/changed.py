"""Configuration that several people changed through several doors, for pages that show it."""

from gateway.audit.author import Author, Door
from gateway.audit.recording import record_what_was_changed_outside, recording
from providers.models import Provider, ProviderModel
from routing.models import Alias, Synonym, Target

ANNA = Author(
    user_id=None, name="anna", door=Door.ADMIN, address="198.51.100.7", note="the large one is twice as dear now"
)
PIPELINE = Author(
    user_id=None, name="deploy (import_config plexus.yaml)", door=Door.FILE, address="build-3", note="#412"
)
SCRIPT = Author(user_id=None, name="rota-bot", door=Door.API, address="203.0.113.40")


def change_things() -> None:
    """What there is becomes revision 1; more follow."""
    record_what_was_changed_outside()
    fast = Alias.objects.get(name="fast")
    with recording(ANNA):
        for weight, target in enumerate(Target.objects.filter(alias=fast), start=1):
            target.weight = 10 * weight
            target.save()
        fast.description = "Short answers, quickly. For autocompletion and titles."
        fast.save()
    with recording(PIPELINE):
        provider = Provider(name="fireworks", display_name="Fireworks", credential="$FIREWORKS_API_KEY")
        provider.save()
        model = ProviderModel(provider=provider, name="accounts/fireworks/models/llama-v3p1-70b-instruct")
        model.save()
        Target(alias=fast, model=model, position=90).save()
        Synonym(alias=fast, name="autocomplete").save()
    with recording(SCRIPT):
        openai = Provider.objects.get(name="openai")
        openai.answer_timeout_seconds = 45
        openai.extra_headers = {"X-Team": "search"}
        openai.save()
    ProviderModel.objects.filter(name="gpt-4o-mini").update(context_length=64_000)
    record_what_was_changed_outside()
