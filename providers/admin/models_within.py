"""The models of a provider, within its page."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest

from providers.admin.configuration import ConfigurationForm
from providers.admin.deletion import in_the_way, leading
from providers.admin.provider_model import PRICE_LABELS
from providers.admin.refused import keep
from providers.admin.unfolded import InlineFormSet, PlainTabularInline
from providers.models import Provider, ProviderModel


class InlineModelForm(ConfigurationForm):
    class Meta:
        labels = PRICE_LABELS


class ModelsFormSet(InlineFormSet):
    """The models. One that an alias leads to stays: the sentence names the alias, where Django's own names the target."""

    def clean(self) -> None:
        for form in self.initial_forms:
            is_doomed = getattr(form, "cleaned_data", {}).get(DELETION_FIELD_NAME)
            if is_doomed and (others := in_the_way([form.instance])):
                keep(form)
                there = "; ".join(sorted(map(leading, others)))
                message = f"“{form.instance}” is not deleted: {there}. Change that first, or disable the model."
                raise ValidationError(message, code="deleting_protected")
        super().clean()


class ProviderModelInline(PlainTabularInline):
    model = ProviderModel
    form = InlineModelForm
    formset = ModelsFormSet
    asks_before_deletion = True
    show_change_link = True
    fields = ["name", "enabled", "context_length", "input_usd_per_mtok", "output_usd_per_mtok"]
    verbose_name_plural = "models"
    verbose_name = "model"

    def get_extra(self, request: HttpRequest, obj: Provider | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1
