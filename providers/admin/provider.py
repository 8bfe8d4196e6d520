"""The pages of providers. A stored credential leaves this file as a reference, or as the fact that there is one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from providers.addresses import remark_on_url
from providers.admin.address_input import AddressInput
from providers.admin.configuration import ConfigurationAdmin, ConfigurationForm, shortened
from providers.admin.headers_field import EnteredHeaders, HeadersField
from providers.admin.models_within import ProviderModelInline
from providers.admin.unfolded import (
    CheckboxWidget,
    InlineFormSet,
    PlainTabularInline,
    TextWidget,
    display,
)
from providers.checks import objection_to_secrets
from providers.extra_headers import line, shown
from providers.models import TIME_LIMITS, Endpoint, Provider, ProviderModel
from providers.secrets import is_reference

MOST_MODELS_INLINE = 25
"""With more of them the provider's page links to the list of models instead."""


class WriteOnlyInput(TextWidget):
    """An input that never comes back with a secret in it, not even beside an error. References are none."""

    def format_value(self, value: Any) -> str | None:  # Any: Django's own signature
        return value if isinstance(value, str) and is_reference(value) else None


class ProviderForm(ConfigurationForm):
    credential = forms.CharField(
        label="Credential",
        required=False,
        widget=WriteOnlyInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "$OPENAI_API_KEY or sk-…"}
        ),
    )
    remove_credential = forms.BooleanField(required=False, label="Remove the stored credential", widget=CheckboxWidget)

    extra_headers = HeadersField(
        label="Extra headers",
        required=False,
        help_text="Sent with every request. A value is $NAME of an environment variable, or the text itself: it is encrypted "
        "and never shown again, but for well-known headers that carry no secret.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stored = self.instance.credential
        self.initial["credential"] = ""
        if field := self.fields.get("credential"):
            field.help_text = self._help_for_credential()
        if isinstance(headers := self.fields.get("extra_headers"), HeadersField):
            stored = self.instance.extra_headers
            headers.stored = stored if isinstance(stored, dict) else {}
            self.initial["extra_headers"] = shown(stored)

    def _help_for_credential(self) -> str:
        help_text = str(Provider._meta.get_field("credential").help_text)
        if not self._stored:
            return help_text
        return f"Now: {self.instance.credential_shown}. Leave empty to keep it. To change it: {help_text}"

    def say_what_is_lost(self) -> None:
        """Whoever typed a key must not think that it is there because the form is."""
        if "credential" not in self.fields:
            return
        typed = self["credential"].data
        if typed and self["credential"].field.widget.format_value(typed) is None:
            keeps = ", or leave it empty to keep the stored one" if self._stored else ""
            self.add_error(
                "credential", ValidationError(f"What you typed was not kept: type it again{keeps}.", code="lost")
            )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        typed, removes = cleaned.get("credential"), cleaned.get("remove_credential")
        if typed and removes:
            self.add_error(
                "credential",
                ValidationError("Type a new credential or remove the stored one, not both.", code="ambiguous"),
            )
        elif "credential" in cleaned and not typed:
            cleaned["credential"] = "" if removes else self._stored
        if isinstance(headers := cleaned.get("extra_headers"), EnteredHeaders):
            cleaned["extra_headers"] = self.instance.enter_headers(headers.typed, headers.kept)
        return cleaned


class EndpointsFormSet(InlineFormSet):
    """The addresses, each judged with the provider as it will be: whether its key was typed anew decides."""

    def add_fields(self, form: Any, index: int | None) -> None:  # Any: Django's own signature
        super().add_fields(form, index)
        form.instance.provider = self.instance


class EndpointInline(PlainTabularInline):
    model = Endpoint
    form = ConfigurationForm
    formset = EndpointsFormSet
    verbose_name_plural = "addresses"
    verbose_name = "address"

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Any: Django's own signature."""
        if db_field.name == "base_url":
            kwargs["widget"] = AddressInput()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_extra(self, request: HttpRequest, obj: Provider | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1


@admin.register(Provider)
class ProviderAdmin(ConfigurationAdmin):
    form = ProviderForm
    list_display = ["name_and_title", "enabled", "authentication", "api_types", "model_count", "used_by"]
    list_editable = ["enabled"]
    list_filter = ["enabled", ("auth", ChoicesDropdownFilter), ("endpoints__api_type", ChoicesDropdownFilter)]
    search_fields = ["name", "display_name", "endpoints__base_url"]
    inlines = [EndpointInline, ProviderModelInline]
    # Undefined for whoever may only look: their page has no inputs, and shows everything.
    conditional_fields = {"auth_header": "typeof auth == 'undefined' || auth == 'header'"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        # By the name of the relation: routing is built on providers, not the other way round.
        in_use = ProviderModel.objects.filter(targets__isnull=False).distinct().prefetch_related("targets__alias")
        providers: QuerySet[Provider] = super().get_queryset(request)
        # In order, since counting makes Django forget the model's own one, which the autocomplete pages through.
        counted = providers.annotate(model_total=Count("models", distinct=True)).order_by("name")
        return counted.prefetch_related("endpoints", Prefetch("models", in_use, to_attr="models_in_use"))

    def get_fieldsets(self, request: HttpRequest, obj: Provider | None = None) -> Any:  # Any: Django's own type is long
        may_change = self.has_change_permission(request, obj) if obj else True
        credential = ["credential"] if may_change else ["stored_credential"]
        if may_change and obj and obj.credential:
            credential.append("remove_credential")
        headers = "extra_headers" if may_change else "stored_headers"
        models = ["models_elsewhere"] if self._has_many_models(obj) else []
        return [
            (None, {"fields": ["name", "display_name", "enabled", *models]}),
            ("Authentication", {"fields": ["auth", "auth_header", *credential]}),
            (
                "Requests",
                {
                    "classes": self.folded_unless_used(
                        request, obj, "extra_headers", "asks_stream_usage", "takes_any_model"
                    ),
                    "fields": [headers, "asks_stream_usage", "takes_any_model"],
                },
            ),
            (
                "Timeouts",
                {
                    "classes": self.folded_unless_used(request, obj, *TIME_LIMITS),
                    "description": "In seconds. An empty one is as the settings say.",
                    "fields": [
                        ("connect_timeout_seconds", "first_byte_timeout_seconds"),
                        ("idle_timeout_seconds", "semantic_idle_timeout_seconds"),
                        "answer_timeout_seconds",
                    ],
                },
            ),
            (
                "Load and health",
                {
                    "classes": self.folded_unless_used(request, obj, "max_in_flight", "probe_every_seconds"),
                    "fields": ["max_in_flight", "probe_every_seconds"],
                },
            ),
        ]

    def save_formset(
        self, request: HttpRequest, form: Any, formset: Any, change: bool
    ) -> None:  # Any: Django's own types
        super().save_formset(request, form, formset, change)
        if formset.model is Endpoint:
            changed = [*formset.new_objects, *(row for row, _ in formset.changed_objects)]
            for remark in sorted({one for row in changed if (one := remark_on_url(row.base_url))}):
                messages.warning(request, remark)

    def get_readonly_fields(self, request: HttpRequest, obj: Provider | None = None) -> list[str]:
        return ["models_elsewhere", "stored_credential", "stored_headers"]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Any: Django's own signature."""
        super().save_related(request, form, formsets, change)
        provider: Provider = form.instance
        if provider.lacks_credential:
            page = reverse("admin:providers_provider_change", args=[provider.pk])
            told = (
                "The provider “{}” has no credential, and its authentication ({}) needs one: its requests go out without a key. "
                '<a class="underline" href="{}#id_credential">Enter it under Credential</a>, or set Authentication to “none”.'
            )
            messages.warning(request, format_html(told, provider, provider.get_auth_display(), page))

    def get_inlines(self, request: HttpRequest, obj: Provider | None) -> Any:  # Any: Django's own type is long
        return [EndpointInline] if self._has_many_models(obj) else self.inlines

    def _has_many_models(self, provider: Provider | None) -> bool:
        return provider is not None and provider.models.count() > MOST_MODELS_INLINE

    @display(description="name", ordering="name", header=True)
    def name_and_title(self, provider: Provider) -> list[str]:
        return [provider.name, provider.display_name]

    @display(description="authentication", ordering="auth")
    def authentication(self, provider: Provider) -> str:
        if provider.auth == Provider.Auth.NONE:
            return "none"
        objection = objection_to_secrets(provider) if provider.credential else "no credential"
        return format_html(
            '<span class="plexus-two-lines"><span>{}</span><small class="{}" title="{}">{}</small></span>',
            provider.auth_header if provider.auth == Provider.Auth.HEADER else provider.auth,
            "plexus-alarm" if objection else "",
            objection or "",
            shown_with(provider.credential_shown, objection),
        )

    @display(description="API types")
    def api_types(self, provider: Provider) -> str:
        return shortened([endpoint.api_type for endpoint in provider.endpoints.all()])

    @display(description="models", ordering="model_total")
    def model_count(self, provider: Provider) -> str:
        url = reverse("admin:providers_providermodel_changelist")
        total: int = provider.model_total  # type: ignore[attr-defined]  # annotated above
        return format_html('<a href="{}?provider__id__exact={}">{}</a>', url, provider.pk, total)

    @display(description="used by")
    def used_by(self, provider: Provider) -> str:
        used: list[ProviderModel] = provider.models_in_use  # type: ignore[attr-defined]  # prefetched above
        names = {str(target.alias) for model in used for target in model.targets.all()}
        return shortened(sorted(names))

    @display(description="credential")
    def stored_credential(self, provider: Provider) -> str:
        return provider.credential_shown or "none"

    @display(description="extra headers")
    def stored_headers(self, provider: Provider) -> str:
        return line(shown(provider.extra_headers)) or "none"

    @display(description="models")
    def models_elsewhere(self, provider: Provider) -> str:
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}?provider__id__exact={}">{} models, in a list of their own</a>',
            reverse("admin:providers_providermodel_changelist"),
            provider.pk,
            provider.models.count(),
        )


def shown_with(credential_shown: str, objection: str | None) -> str:
    """The credential as a page may show it, and in a word that it does not work in this process."""
    if not credential_shown:
        return "no credential"
    return f"{credential_shown}, unusable here" if objection else credential_shown
